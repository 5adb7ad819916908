-- The matrix counts by consumer, API and state, and walks through this index in that order.
DROP INDEX access_atoms_matrix;
CREATE INDEX access_atoms_matrix ON access_atoms (consumer, api, state, environment, pending);
