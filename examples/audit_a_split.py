"""Look for leaks between the training and the test part of a split.

The split is a CSV with a column `path` and a column `split`, for instance:

path,split,speaker
clips/anna_1.wav,train,anna
clips/anna_2.wav,test,anna

python examples/audit_a_split.py split.csv
"""

import sys
from pathlib import Path

from affekt.auditing import at_least, audit


def main() -> None:
    """Print the findings; exit code 3 says that there is an error among them."""
    report = audit(split=Path(sys.argv[1]))
    print(f"{report.clips} recordings, findings: {len(report.findings)}")
    for finding in report.findings:
        names = ", ".join(clip.name for clip in finding.clips)
        print(f"{finding.severity:9} {finding.kind}: {finding.message} ({names})")
    if at_least(report.findings, "error"):
        sys.exit(3)


if __name__ == "__main__":  # an audit works with several processes
    main()
