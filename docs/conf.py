"""The site: what Sphinx reads. The pages are the documents of this folder; `make site` builds them."""

from sim import __version__

project = "talentsim"
author = "the maintainers of talentsim"
release = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["conf.py"]
myst_heading_anchors = 3  # links to headings, as the documents have them
nb_execution_mode = "off"  # notebooks show what is stored in them: `python scripts/write_tutorial.py`

html_theme = "furo"
html_title = f"talentsim {release}"
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False  # no year or name is stated: LICENSE and CITATION.cff say what there is to say
html_static_path = ["_static"]
html_css_files = ["site.css"]

autodoc_member_order = "bysource"
napoleon_google_docstring = False
