"""Holds every Parquet file below a folder against the CSV file beside it, read by pyarrow and by pandas.

python parquet.py FOLDER; written for pyarrow 26 and pandas 3. Prints how many tables it has read.
"""

import csv
import sys
from pathlib import Path

import pandas
import pyarrow
import pyarrow.parquet

read = 0
for path in sorted(Path(sys.argv[1]).rglob("*.parquet")):
    with path.with_suffix(".csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    table = pyarrow.parquet.read_table(path)
    assert table.column_names == header, f"{path}: {table.column_names}, expected {header}"
    assert table.num_rows == len(rows), f"{path}: {table.num_rows} rows, expected {len(rows)}"
    for place, column in enumerate(table.columns):
        name, kind = header[place], column.type
        for found, row in zip(column.to_pylist(), rows):
            text = row[place]
            if pyarrow.types.is_floating(kind):
                same = text == "" if found is None else abs(found - float(text)) <= 5.1e-7
            elif pyarrow.types.is_integer(kind):
                same = found == int(text)
            else:
                same = found == text
            assert same, f"{path}: {name}: {found!r}, expected {text!r}"
    frame = pandas.read_parquet(path)
    assert list(frame.columns) == header and len(frame) == len(rows), f"{path}: read by pandas as {frame.shape}"
    read += 1
print(read)
