"""The script of each code point, in the numbers of ICU: runs of code points of one script.

The table is as of Unicode 11, which TensorFlow 1.15 has. It is packed: the lengths of the runs,
seven bits in a byte, then a byte with the script of each run.
"""

from __future__ import annotations

import base64
import zlib
from functools import cache
from typing import Any

import numpy as np

_RUNS = 1538
_PACKED = """
eNqllF1sHNUVx+ece+/MnTuzsx9er7279u7Y2Lt2/LF2bMfOF7GTYhKCnATaOB8IRSpwKkj5aEJFQYCbQl1EAgGpQK02pCWk
UJCAtoQi9aGVWvWhqtRKpX2p+tLHShVqqz71oefOek2cElLU/e3Mnbn3zrn/ez7uXMktNSANqgOq8HNRVwrz90sQKAH4DyD4
ysOOKPMk4OsANRwDQAHTuizdQIELkZ0FMZigBMehN4JtKMY2RltRjGIauhAgmGoH3Z6G7gOYxZIEjYgF8Ni2RJ+fpQaJoLDI
dl3ZHEMLf6v4XQjwWIuXNQJ8FtQcV2j4WSCkJYaex88tu3bM2hUaE7s5g+CyEcmTrXg2KEKpbA/aDbSrFH/dARmhuZUeguBl
jdbNbmPNNQdYMw8ApngT3DMBVnAGS6w0JzpZHKDHE11eRrsGRbhFQlc/r2q3wmtJ8BKH2nc2joofXTQo493QJ+vQx5HwJPaf
hxpvHXAI5BLu4TV5Yb4P8tWz9paGzXzfhbEouQfRxSXVLfaKwEuBF7Sjnw+tfAxvR+Ma1wrwwbiHvSE1b6oQypCjHFZQBcOy
5AYC4y7EHdCNAc+OMD13sxwRs5Nazoi0EGO+N8T+1IJlcyxc1u7WFIwryb6bhy2glrDAGmp8aWj+qjjF24nQhTa0gQtxEQLA
gDtTIs70pGvWCpQhOyjki6oYtJ/3lvCfEmMchyloMPFJ5TU9MeNhBB2+B+uJ942X4HD4ByhxQHnNoi9RSwkHbfjhCAo1BLdD
pqz6wkwVZqsHGnDoNbg0YWY/fAUyZ3wx7Y+9ifljh3TvXaKx3R+Wxp3R8zp041GAvgC6xQKAkViFaT9KIrWrU3WwP5lEzZB1
6/5RdvKFxbBDjj+x82+Id9e8UKkSWEk2k82Xsn9FzMzipoEIM9a/10EbSJa8zKMQcxEGBkawKhLDnKBs2igMocTzOMUx6n1E
CY6Iv49DB40ROMXSxtNQln2+KKshVWG5Mtqwf6zCUvpknxzQkwGchffQLxj9EqcZwLCtXOT68eOq9sfYslJdAkoKZuNOmcdR
yT02sbtRSOP5XhzHdRn6m4RXQN2mdM6Tobd/z/REasJzB7S5iNWvwoDecBEWZCUNOzm8Rc+4U5D16/4CZiAf5GB4LslXDnvg
blXGlZcXKmelDZWtQ8X1JdTTcMQ6rWc3W4dNWOu9ITBuqm1Gm01lTMvMz2DbHbeGsIS79SR2d29e5tocgch0i5htRnus1WFh
3e5r47rc9tvK88wlLC7jinfXfaCCX8BP29/Sv6v+Sr6/633pVW2Ej1XQNfPGsK521fa2OnrnDUEjk50FqPy9Ef1DnbkJzuGB
0+KJ3D0qJXyPc0H+qfYvMHW8XmQ1ehW5tWN+BfLhol9chs/BjbbK7fEGIe/IgzmuVs1tF/uC980h/j3iBcSNp1VaQfq3xoMs
Jk75IP1LwMzgXsWynnM/82s2UYbkBOHDKDmV3WZjj+dmf+tn3+wpI5MJBrJK8GLZSXwGh+UdYZpPjTT0m5S4TW7fXOKTbFj6
XFruCnzgBSlh3JPh4Xoo2d0c38otoWzAOEr2Zz1lXJEaOxY9H/zxNzj4bhz8GfDUSPTOlpc7z8m/PD0MlWNL8CGc/XfgFK9A
ORA5Ea1e9m7xIg2aBAmHL2pLQCeh2drScbCXGOynRVp8jB6jzzK9hJTMMWAcI+nqZK5B+hOofgLXXYO+j6edrkbpCnquQo2c
GnX+D9Q/wqlTV0gJTpgL6Nq4zEA3xU5MG5ghh4ZpJKEjoeww1GSAxlpM0iRtbdIxTdN3Uwug65kHdtCOW4j5orZaHiBw1qBi
pIsRw3cgKK7myFXhb8gp8t8hvvMCnFetdKOE0dWWZpiiR17TBdss/71j7VA2gb/IWiDHd8qzxrxTcAqkKEeO4uECtznuKDg8
OUuDzNc+T/qU1VKk4haecoTuY8w+Z9+9dG+OFshZoIUu2tmk63F6/MRlS/NnEbkn6ASvYLEqimsVkWCTvZnzrIdANzdmX51k
WavQyVGL5vD4OpI+9lviO7qHvmAtVaiSosM0RVPbaTv5ExtpI73BfINeZm5NaHzESTp59ll6lr5nOUpHj9NxOniGmM20nief
oa8wD9KDj9KjD9PDj5DlEN1suUSXWPlP6D2aszxED9FLzJeZ8/Qi00PfYS6s8Rzz1DrgqSs6fpBwjrnIvMKU6VvMdxN+SM8z
79DbzKv02iqvJ7y1jh9dxo/pzlVupG/TKfpmwteZvWu8S7clrLxAK0whTy/QcovVDGwluXX9p+N+ssyscZr5fkIrHf4/PmbJ
vPNpRa4Wzlr5cDH+ByEwJ8Y=
"""


@cache
def _table() -> tuple[Any, Any]:
    """The first code point of each run, and its script."""
    content = np.frombuffer(zlib.decompress(base64.b64decode(_PACKED)), np.uint8)
    groups, scripts = content[:-_RUNS].astype(np.int64), content[-_RUNS:].astype(np.int32)
    last = groups < 128
    begins = np.flatnonzero(np.concatenate([[True], last[:-1]]))
    place = np.arange(len(groups)) - np.repeat(begins, np.diff([*begins, len(groups)]))
    lengths = np.add.reduceat((groups & 127) << 7 * place, begins)
    return np.cumsum(lengths) - lengths, scripts


def scripts_of(points: Any) -> Any:
    """The script of each code point; -1 of what is none."""
    starts, scripts = _table()
    found = scripts[np.searchsorted(starts, np.clip(points, 0, None), "right") - 1]
    return np.where((points >= 0) & (points <= 0x10FFFF), found, np.int32(-1))
