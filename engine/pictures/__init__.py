"""Pictures as files and pixels: opened safely, laid out, enlarged, stamped. Loads no torch."""
