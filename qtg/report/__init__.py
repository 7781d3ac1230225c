"""The HTML report of a run: `qtg.report.html.write_report`."""
