"""Where the tests of doctor find the record that they seed faults into."""

import os
import sys

sys.path.append(os.path.dirname(os.path.abspath(__file__)))
