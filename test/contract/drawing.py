#!/usr/bin/python3
"""A service's README shows its saga as the program draws it: drawing.py PROGRAM README."""
import subprocess
import sys

program, readme = sys.argv[1:]
drawn = subprocess.run([program, "describe", "--saga"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
with open(readme, encoding="utf-8") as file:
    shown = [part.split("```")[0].strip() for part in file.read().split("```mermaid\n")[1:]]
if shown == [drawn]:
    print("1 passed, 0 failed")
else:
    print(f"{readme} does not show what {program} describe --saga draws:\n{drawn}\n0 passed, 1 failed")
    sys.exit(1)
