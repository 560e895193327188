"""`live-intent index check`: a file's report, without a cluster."""

import json
import os
import subprocess
import sys
from pathlib import Path

GROUPED = (
    "Handle,Title,Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,"
    "Variant Inventory Qty,Variant Price,Image Src\n"
    'tee,Tee,Leafy,Shirts,"a, b",true,Size,S,T-S,0,19.00,a.jpg\n'
    "tee,,,,,,,M,T-M,4,21.00,\n"
    "tee,,,,,,,M,T-M2,4,cheap,\n"
    "tee,,,,,,,,,,,b.jpg\n"
    "cap,Cap,Leafy,Hats,,true,Title,Default Title,C-1,1,5.00,c.jpg\n"
    "lost,,Leafy,Hats,,true,Title,Default Title,C-2,1,5.00,\n"
)


def check(folder: Path, content: bytes, *options: str) -> tuple[int, str]:
    (folder / "shop").write_bytes(content)
    command = [sys.executable, "-m", "live_intent.main", "index", "check", "shop", "-q", *options]
    nowhere = {"LIVE_INTENT_OPENSEARCH_URL": "http://127.0.0.1:1"}
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | nowhere,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def test_a_file_is_reported_on_without_a_cluster(tmp_path: Path) -> None:
    code, out = check(tmp_path, GROUPED.encode())
    assert code == 0
    assert "shop: 3 items in 6 rows" in out
    assert "read as: a product export of Shopify as CSV in UTF-8 separated by commas" in out
    assert "1 rows are no items: further pictures of a product (1)" in out
    assert "1 like line 4: item_id tee:M stands on line 3 already" in out
    assert "1 like line 7: no Title in the first row of handle lost" in out
    assert "1 doubled ids: tee:M (2 rows)" in out
    assert "1 values of price could not be read: price 'cheap' is not a number" in out
    assert "price        3 items, 3 values, from Variant Price: 19 | 21 | 5" in out
    assert "available    3 items, 2 values, from Variant Inventory Qty: false | true" in out
    assert "Size (text)  2 items, 2 values: S | M" in out
    assert "private, not in the index: Tags" in out
    assert "facets of a rebuild: brand (1 values), category (2 values), price (3 values)" in out
    assert "attributes.Size (2 values)" in out
    assert "2 groups of 3 items; the largest, tee, has 2" in out
    assert "embedded as: Tee. Leafy. Shirts" in out
    assert list(tmp_path.iterdir()) == [tmp_path / "shop"]


def test_languages_are_reported_with_what_a_rebuild_makes_of_them(tmp_path: Path) -> None:
    content = "item_id,title,title.de,language\n1,lamp,Lampe,en\n2,手机,,zh\n3,bulb,,en\n"
    code, out = check(tmp_path, content.encode())
    assert code == 0
    assert "translations  1 items, 1 values, from title.de: de" in out
    assert "languages of texts: en (2 items), zh (1 items), de (1 items)" in out
    assert "requests can name: de (german, 1 items), en (the own texts, 2 items)" in out
    assert "texts in other languages (items): zh (1); LIVE_INTENT_LANGUAGES" in out
    code, out = check(tmp_path, content.encode(), "--json")
    report = json.loads(out)
    assert report["languages"] == {"en": 2, "zh": 1, "de": 1}
    assert report["index_languages"] == {"de": "german", "en": ""}


def test_the_report_as_json_and_the_rejects(tmp_path: Path) -> None:
    code, out = check(
        tmp_path, GROUPED.encode(), "--json", "--rejects", "bad.jsonl", "--facet", "brand"
    )
    report = json.loads(out)
    assert code == 0
    assert (report["items"], report["rejects"], report["doubled"]) == (3, 2, {"tee:M": 1})
    assert report["reading"]["format"] == "shopify"
    assert set(report["facets"]) == {"brand", "category", "price", "available"}
    assert report["fields"]["brand"]["columns"] == ["Vendor"]
    assert report["attributes"]["Size"]["type"] == "text"
    assert report["sample"]["item_id"] == "tee:M"
    assert len((tmp_path / "bad.jsonl").read_text().splitlines()) == 2


def test_the_exit_code_says_that_nothing_is_usable(tmp_path: Path) -> None:
    code, out = check(tmp_path, b"item_id,title\n1,\n2,\n,x\n")
    assert (code, "nothing to index" in out, "2 like line 2, 3: title is missing" in out) == (
        2,
        True,
        True,
    )
    code, out = check(tmp_path, b"name;price\nx;1\n")
    assert (code, "no column gives item_id" in out) == (2, True)


def test_guesses_are_said_and_counted(tmp_path: Path) -> None:
    rows = "4;Chair;1.299\n" + "".join(f"{n};Tür;{n},90\n" for n in range(3))
    code, out = check(tmp_path, ("item_id;title;price\n" + rows).encode("cp1252"), "--json")
    report = json.loads(out)
    assert (code, report["reading"]["guessed"]) == (0, 3)
    assert "decimal commas, as in 0,90" in report["reading"]["assumed"]
    assert report["fields"]["price"]["examples"] == ["1299", "0.9", "1.9"]
    code, out = check(tmp_path, ("item_id;title;price\n" + rows).encode("cp1252"))
    assert "the encoding was guessed, as the file is not UTF-8: 3 rows" in out
    assert "assumed: decimal commas" in out
