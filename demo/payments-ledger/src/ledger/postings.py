"""Postings: two columns with the same sum, and never changed."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

CENT = Decimal("0.01")


class Unbalanced(ValueError):
    """The columns differ."""


class Closed(ValueError):
    """The period is closed."""


@dataclass(frozen=True)
class Line:
    account: str
    debit: Decimal = Decimal(0)
    credit: Decimal = Decimal(0)


def cents(amount):
    return Decimal(amount).quantize(CENT, rounding=ROUND_HALF_EVEN)


def check(lines):
    debit = sum(line.debit for line in lines)
    credit = sum(line.credit for line in lines)
    if debit != credit:
        raise Unbalanced(f"debit {debit} and credit {credit} differ by {abs(debit - credit)}")
    if any(line.debit < 0 or line.credit < 0 for line in lines):
        raise Unbalanced("an amount is negative: book it in the other column")


class Ledger:
    def __init__(self, store):
        self.store = store

    def book(self, key, day, lines):
        known = self.store.by_key(key)
        if known is not None:
            return known
        if self.store.is_closed(day):
            raise Closed(f"{day:%B %Y} is closed")
        check(lines)
        return self.store.append(key, day, lines)

    def back(self, key, posting):
        """What was booked wrongly is booked again with its columns exchanged."""
        lines = [Line(line.account, line.credit, line.debit) for line in posting.lines]
        return self.book(key, self.store.today(), lines)
