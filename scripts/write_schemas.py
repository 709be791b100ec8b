"""Write the JSON Schemas of scenario and design files, and the line by which an editor finds them in every shipped file."""

import json
from pathlib import Path

from sim.bridges.schema import Schema, design_schema, scenario_schema
from sim.scenarios.load import packaged_vocabulary

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "schemas"
MARK = "#:schema "


def schemas() -> dict[str, Schema]:
    """Make the schemas by the names of their files."""
    words = packaged_vocabulary()
    return {"scenario.schema.json": scenario_schema(words), "design.schema.json": design_schema(words)}


def text_of(schema: Schema) -> str:
    """Write a schema as a file has it."""
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def shipped_files() -> dict[Path, str]:
    """List the shipped scenarios and designs with the line that each begins with."""
    scenarios = dict.fromkeys(sorted((ROOT / "scenarios").glob("*.toml")), f"{MARK}../schemas/scenario.schema.json")
    return scenarios | dict.fromkeys(
        sorted((ROOT / "scenarios/sweeps").glob("*.toml")), f"{MARK}../../schemas/design.schema.json"
    )


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, schema in schemas().items():
        (FOLDER / name).write_text(text_of(schema), encoding="utf-8", newline="\n")
    for path, line in shipped_files().items():
        text = path.read_text(encoding="utf-8")
        if not text.startswith(MARK):
            path.write_text(f"{line}\n{text}", encoding="utf-8", newline="\n")
