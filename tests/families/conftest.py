"""One thread for models so small that two would only wait for each other; libraries that keep quiet."""

from collections.abc import Iterator

import diffusers
import pytest
import torch
import transformers


@pytest.fixture(scope="session", autouse=True)
def _small_and_quiet() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    for logging in (diffusers.utils.logging, transformers.utils.logging):
        logging.disable_progress_bar()
        logging.set_verbosity_error()
    yield
    torch.set_num_threads(threads)
    for logging in (diffusers.utils.logging, transformers.utils.logging):
        logging.enable_progress_bar()
        logging.set_verbosity_warning()
