"""The names by which results are counted: tiers, axes, stages; light to import."""

TIERS = ("top20", "elite", "all")
"""Visible researchers (authors at the top conference), their top tenth, and every active researcher."""
AXES = ("origin", "study", "work", "location", "graduates")
"""Undergraduate region; graduate region; headquarters region of the employer (students: their university's); physical place;
headquarters of those with a completed degree."""
STAGES = ("entry", "first_job", "relocation", "exit")
"""Flows within a year: into a graduate region, from it to the first job, from job to job, out of research."""
