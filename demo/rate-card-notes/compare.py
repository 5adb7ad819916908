import csv
import sys

with open(sys.argv[1]) as file:
    for row in csv.DictReader(file):
        old = float(row["length"]) * 14.20
        new = float(row["draught"]) * 310
        print(f"{row['ship']:20} {old:10.2f} {new:10.2f} {new / old - 1:+.0%}")
