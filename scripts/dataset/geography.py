"""Regions, countries and published categories: who belongs where."""

from __future__ import annotations

REGIONS = {
    "USA": ("United States", True, "The United States."),
    "CHN": ("China", False, "Mainland China and Hong Kong (and Macao)."),
    "GBR": ("United Kingdom", True, "The United Kingdom."),
    "DEU": ("Germany", False, "Germany."),
    "FRA": ("France", False, "France."),
    "CHE": ("Switzerland", False, "Switzerland."),
    "NLD": ("Netherlands", False, "The Netherlands."),
    "REU": (
        "Rest of Europe",
        False,
        "Europe without DEU, FRA, CHE, NLD, the United Kingdom and Russia: other EU and "
        "EEA members, the western Balkans, Ukraine, Moldova, Belarus and the small states.",
    ),
    "CAN": ("Canada", True, "Canada."),
    "IND": ("India", False, "India."),
    "KOR": ("South Korea", False, "South Korea."),
    "JPN": ("Japan", False, "Japan."),
    "SGP": (
        "Singapore",
        False,
        "Singapore; English is an official language, but the anglophone nest is kept to "
        "USA, GBR, CAN and AUS (Singapore joins it in a variant).",
    ),
    "ISR": ("Israel", False, "Israel."),
    "AUS": ("Australia", True, "Australia."),
    "IRN": ("Iran", False, "Iran."),
    "TWN": ("Taiwan", False, "Taiwan."),
    "RUS": ("Russia", False, "Russia."),
    "GLF": ("Gulf states", False, "United Arab Emirates, Saudi Arabia, Qatar, Kuwait, Bahrain, Oman."),
    "ROW": ("Rest of the world", False, "Every country that is in no other region."),
}
"""Region code -> name, whether in the anglophone nest, what it holds. The order gives the permanent ids."""
CODES = tuple(REGIONS)

EUROPE_MEMBERS = ("ITA", "ESP", "SWE", "AUT", "BEL", "DNK", "FIN", "IRL", "NOR", "POL", "PRT")
"""Countries of REU that have rows of their own; the evidence's own REU rows are sums or means of these."""
GULF_MEMBERS = ("ARE", "SAU")
"""Countries of GLF that have rows of their own."""
WORLD_MEMBERS = ("PAK", "NGA", "BGD", "NPL", "TUR", "EGY", "VNM", "BRA", "MEX", "GHA")
"""Countries of ROW that have rows of their own."""
BLOC = ("DEU", "FRA", "CHE", "NLD", "REU")
"""Regions of the European free-movement area; GBR belongs to it to 2020."""

_EUROPE = (
    "ITA ESP SWE AUT BEL DNK FIN IRL NOR POL PRT ALB AND BGR BIH BLR CYP CZE EST FRO GGY GIB GRC HRV "
    "HUN IMN ISL JEY LIE LTU LUX LVA MCO MDA MKD MLT MNE ROU SJM SMR SRB SVK SVN UKR VAT XKX ALA"
)
_GULF = "ARE SAU QAT KWT BHR OMN"
_CHINA = "CHN HKG MAC"
_FRANCE = "FRA GLP GUF MTQ MYT"
_WORLD = (
    "ABW AFG AGO AIA ARG ARM ASM ATA ATF ATG AZE BDI BEN BES BFA BGD BHS BLM BLZ BMU BOL BRA BRB BRN "
    "BTN BVT BWA CAF CCK CHL CIV CMR COD COG COK COL COM CPV CRI CUB CUW CXR CYM DJI DMA DOM DZA ECU "
    "EGY ERI ESH ETH FJI FLK FSM GAB GEO GHA GIN GMB GNB GNQ GRD GRL GTM GUM GUY HMD HND HTI IDN IOT "
    "IRQ JAM JOR KAZ KEN KGZ KHM KIR KNA LAO LBN LBR LBY LCA LKA LSO MAF MAR MDG MDV MEX MHL MLI MMR "
    "MNG MNP MOZ MRT MSR MUS MWI MYS NAM NCL NER NFK NGA NIC NIU NPL NRU NZL PAK PAN PCN PER PHL PLW "
    "PNG PRI PRK PRY PSE PYF RWA SDN SEN SGS SHN SLB SLE SLV SOM SPM SSD STP SUR SWZ SXM SYC SYR TCA "
    "TCD TGO THA TJK TKL TKM TLS TON TTO TUN TUR TUV TZA UGA UMI URY UZB VCT VEN VGB VIR VNM VUT WLF "
    "WSM YEM ZAF ZMB ZWE"
)


def country_regions() -> dict[str, str]:
    """Return the region of every country by ISO 3166-1 alpha-3 code.

    Reunion, a French department, is left out: its code (REU) names a region here, and French statistics hold
    it.
    """
    table: dict[str, str] = {}
    for codes, region in (
        (_EUROPE, "REU"),
        (_GULF, "GLF"),
        (_CHINA, "CHN"),
        (_FRANCE, "FRA"),
        (_WORLD, "ROW"),
    ):
        for code in codes.split():
            assert code not in table, code
            table[code] = region
    for code in CODES:
        if code not in ("REU", "GLF", "ROW", "CHN", "FRA"):
            assert code not in table, code
            table[code] = code
    return dict(sorted(table.items()))


AGGREGATES = {
    "WLD": "All countries; never used as a region.",
    "EUU": "The European Union without the United Kingdom: DEU, FRA, NLD, most of REU (CHE, NOR outside).",
    "R_AFRICA": "Africa: part of ROW.",
    "R_WEST_AFRICA": "West Africa: part of ROW.",
    "R_SOUTHERN_AFRICA": "Southern Africa: part of ROW.",
    "R_ASIA": "Asia: CHN, IND, KOR, JPN, SGP, TWN, ISR, IRN, GLF and part of ROW.",
    "R_EUROPE": "Europe: GBR, DEU, FRA, CHE, NLD, REU (Russia's place is not stated).",
    "R_SOUTH_AMERICA": "South America: part of ROW.",
}
"""Codes of the evidence that are no country, and what they hold."""
