from decimal import Decimal

import pytest
from ledger.postings import Line, Unbalanced, cents, check


def test_half_a_cent_goes_to_the_even_side():
    assert cents("0.125") == Decimal("0.12")
    assert cents("0.135") == Decimal("0.14")


def test_columns_must_agree():
    with pytest.raises(Unbalanced):
        check([Line("1200", debit=Decimal(5)), Line("4000", credit=Decimal(4))])
