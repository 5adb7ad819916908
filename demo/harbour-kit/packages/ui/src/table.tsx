import type { ReactNode } from "react";

interface Props<Row> {
  rows: Row[];
  columns: { title: string; cell: (row: Row) => ReactNode; numeric?: boolean }[];
  empty: string;
}

/** Scrolls by itself on narrow screens, and says so to screen readers. */
export function Table<Row>({ rows, columns, empty }: Props<Row>) {
  if (rows.length === 0) {
    return <p className="hl-empty">{empty}</p>;
  }
  return (
    <div className="hl-scroll" role="region" tabIndex={0} aria-label="Table">
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.title} scope="col" data-numeric={column.numeric}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={index}>
              {columns.map((column) => (
                <td key={column.title} data-numeric={column.numeric}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
