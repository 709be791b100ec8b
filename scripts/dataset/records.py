"""Visa records as observed, by country, for users: refusals, odds, fees, issuances, waits, quotas, rules."""

from __future__ import annotations

from dataclasses import dataclass

from dataset.evidence import Cell, Evidence

LAST_COUNT = 2022
"""Counts of people (visas issued) are kept to this year; rules, odds, refusals, fees, waits are not cut."""
RULES = (
    "atas_rejection_rate",
    "h1b_denial_rate_continuing",
    "h1b_denial_rate_initial",
    "h1b_lottery_odds",
    "h1b_lottery_odds_final",
    "h1b_new_petition_fee",
    "k_visa_young_stem_available",
    "new_international_enrolment_cap",
    "post_study_work_months_bachelor",
    "post_study_work_months_masters_planned",
    "post_study_work_months_phd_mid2010s",
    "post_study_work_months_phd_stem",
    "spring_living_support_open_to_foreigners",
    "student_visa_fee",
    "student_visa_grant_rate_offshore",
    "student_visa_grant_rate_onshore",
    "study_permit_approval_rate_borderpass",
    "study_permit_cap",
    "study_permit_cap_approvals_target",
    "study_permit_processing_weeks",
    "study_permit_refusal_rate_august",
    "study_permit_refusal_rate_overall",
    "study_visa_approval_rate",
    "study_visa_refusal_rate_overall",
    "third_country_work_permit_quota",
    "us_f1_refusal_rate_adjusted",
    "us_f1_refusal_rate_gross",
    "us_h1b_refusal_rate_adjusted",
    "us_j1_refusal_rate_adjusted",
    "us_student_visa_interview_pause_days",
    "years_to_permanent_residence_skilled_high",
    "years_to_permanent_residence_skilled_low",
    "years_to_permanent_residence_top_talent",
)
PAIR_RULES = (
    "de_student_visa_appointment_wait_weeks",
    "idx_student_visa_friction",
    "student_visa_grant_rate",
    "student_visa_grant_rate_he_offshore",
    "study_permit_approval_rate",
    "study_permit_approval_rate_q2",
    "study_permit_refusal_rate_august",
    "study_visa_refusal_rate",
    "study_visa_refusal_rate_q1",
    "study_visa_refusal_rate_q2",
    "study_visa_refusal_rate_q3",
    "study_visa_refusal_rate_q4",
    "us_eb2_eb3_wait_years_new_applicants",
    "us_f1_refusal_rate",
    "us_pp10043_visa_refusals",
    "us_pp10043_visa_revocations",
    "us_student_visa_interview_wait_days",
    "us_student_visa_interview_wait_days_jun",
    "us_visa_issuance_suspended",
)
COUNTS = (
    "h1b_cap_petitions",
    "h1b_eligible_registrations",
    "h1b_selected_registrations",
    "us_f1_visas_issued",
    "us_h1b_visas_issued",
    "us_j1_visas_issued",
)
PAIR_COUNTS = (
    "us_f1_visas_issued",
    "us_f1_visas_issued_calendar",
    "us_h1b_visas_issued",
    "us_j1_visas_issued",
)


@dataclass(frozen=True)
class Record:
    """One observed visa record; `origin` is empty for a record of a destination over all origins."""

    variable: str
    origin: str
    destination: str
    year: int
    cell: Cell


def visa_records(evidence: Evidence) -> list[Record]:
    """Return the records in order of variable, destination, origin and year."""
    found = []
    for (place, variable), series in evidence.countries.items():
        if variable in RULES or variable in COUNTS:
            kept = {y: c for y, c in series.items() if variable in RULES or y <= LAST_COUNT}
            found += [Record(variable, "", place, year, cell) for year, cell in kept.items()]
    for (origin, destination, variable), series in evidence.pairs.items():
        if variable in PAIR_RULES or variable in PAIR_COUNTS:
            kept = {y: c for y, c in series.items() if variable in PAIR_RULES or y <= LAST_COUNT}
            found += [Record(variable, origin, destination, year, cell) for year, cell in kept.items()]
    return sorted(found, key=lambda r: (r.variable, r.destination, r.origin, r.year))
