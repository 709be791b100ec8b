"""The page as a folder of files: a grid of runs, one response surface a run, and the same page that reads them offline."""
