"""Words of prompts: compared, judged, shortened. Pure."""
