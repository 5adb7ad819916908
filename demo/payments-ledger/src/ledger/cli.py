"""The command line: serve, close, reopen."""

import argparse

from harbourline_common.logging import configure


def main():
    parser = argparse.ArgumentParser(prog="ledger")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="answer HTTP on port 8000")
    close = commands.add_parser("close", help="close a month")
    close.add_argument("month", help="2026-10")
    commands.add_parser("reopen", help="for the auditors")
    arguments = parser.parse_args()
    configure("payments-ledger")
    print(f"ledger {arguments.command}")
