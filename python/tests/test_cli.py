"""The program: exit codes, words, JSON, files left behind."""

import json
import os
import signal
import subprocess
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import lade

LOAD_FIELDS = {"samples", "events", "batches", "batch_bytes", "seconds", "samples_per_s",
               "events_per_s", "bytes_per_s", "first_batch_s", "peak_ledger_bytes",
               "peak_rss_bytes", "fill", "digest", "stages"}


@pytest.fixture(scope="module")
def made(tmp_path_factory, program, bank_csv, bank_recipe_path):
    """A folder with the fitted recipe and the converted excerpt."""
    folder = tmp_path_factory.mktemp("made")
    for words in (["fit", bank_recipe_path, bank_csv, "-o", folder / "bank.json"],
                  ["convert", bank_csv, folder / "bank", "--recipe", folder / "bank.json"]):
        done = subprocess.run([program, *map(str, words)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    return folder


def interrupt(process, number=signal.SIGINT, delay=0.0):
    """Sends the signal `delay` seconds after the program has taken it over; output and errors.

    The wait for its end is a watchdog against a hang: how soon it comes is for script/bench.
    """
    def taken():
        """It is blocked in all threads but the one that waits for it. Starting a thread blocks
        every signal for a moment: one that the program leaves alone must not be."""
        with open(f"/proc/{process.pid}/status", encoding="ascii") as lines:
            masks = [int(line.split()[1], 16) for line in lines if line.startswith("SigBlk")]
        return bool(masks and masks[0] >> (number - 1) & 1
                    and not masks[0] >> (signal.SIGHUP - 1) & 1)

    while process.poll() is None and not taken():
        time.sleep(0.001)
    time.sleep(delay)
    process.send_signal(number)
    return process.communicate(timeout=60)


def test_help_goes_to_stdout(run):
    done = run("--help")
    assert done.returncode == 0 and "convert" in done.stdout and not done.stderr
    for verb in ("convert", "inspect", "fit", "apply", "load", "info"):
        assert run(verb, "--help").returncode == 0
    assert lade.__version__ in run("--version").stdout


@pytest.mark.parametrize("words,near", [
    (["convrt"], "convert"), (["load", "x", "--batchsize", "3"], "--batch-size"),
    (["info", "--jsn"], "--json")])
def test_typos_get_the_nearest_word(run, words, near):
    done = run(*words)
    assert done.returncode == 2 and near in done.stderr and not done.stdout


def test_info_says_what_is_inside(run):
    info = json.loads(run("info", "--json").stdout)
    assert set(info) >= {"version", "libraries", "instruction_set", "instruction_sets",
                         "usable_cpus", "memory_budget_bytes"}
    assert "arrow" in run("info").stdout


def test_simd_can_be_forced_and_a_wrong_one_is_refused(run):
    env = {**os.environ, "LADE_SIMD": "no-such-set"}
    done = run("info", env=env)
    assert done.returncode == 2 and "simd" in done.stderr
    done = run("info", "--simd", "no-such-set")
    assert done.returncode == 2 and "simd" in done.stderr
    for name in lade._core.instruction_sets():
        forced = json.loads(run("info", "--json", f"--simd={name}").stdout)
        assert forced["instruction_set"] == name
    for verb in ("convert", "inspect", "fit", "apply", "load", "info"):
        assert "--simd" in run(verb, "--help").stdout


def test_filters_keep_events_and_are_counted(run, made):
    words = ["inspect", made / "bank", "--json", "--filters"]
    facts = json.loads(run(*words, "amount > 1000 and type == 'VYDAJ'").stdout)
    read = facts["read"]
    assert 0 < facts["events"] == read["rows_given"] < 49_102
    assert read["rows_given"] + read["rows_filtered"] == read["rows_seen"] == 49_102
    wrong = run(*words, "amont > 1000")
    assert wrong.returncode == 2 and "did you mean 'amount'?" in wrong.stderr
    # A conversion takes all rows: no flag of `open` that it would not heed.
    for flag in ("--filters", "--schema", "--manifest", "--cache-dir"):
        refused = run("convert", made / "bank", "x", flag, "y")
        assert refused.returncode == 2 and "unknown flag" in refused.stderr, flag


def test_convert_fit_load_apply_inspect_work_together(run, made, tmp_path):
    inspected = json.loads(run("inspect", made / "bank", "--json").stdout)
    assert (inspected["sequences"], inspected["events"]) == (1_229, 49_102)
    loaded = run("load", made / "bank.json", made / "bank", "--batch-size", 64, "--shuffle",
                 "global", "--seed", 7, "--num-workers", 2, "--epochs", 2, "--json")
    facts = json.loads(loaded.stdout)
    assert set(facts) >= LOAD_FIELDS and facts["samples"] == 2 * 1_229
    for stage in facts["stages"].values():
        assert set(stage) == {"busy_s", "wait_in_s", "wait_out_s", "items", "bytes", "threads"}
    applied = run("apply", made / "bank.json", made / "bank", "-o", tmp_path / "t", "--json")
    assert applied.returncode == 0, applied.stderr
    assert sorted(os.listdir(tmp_path / "t")) == [
        "_lade", "targets.day.parquet", "targets.month.parquet", "targets.week.parquet"]


def test_apply_counts_classes_and_warns_of_values_that_no_row_had(run, tmp_path):
    table = pa.table({"id": [1, 1, 2, 3], "at": pa.array([1, 2, 1, 1], pa.timestamp("s")),
                      "kind": ["food", "rent", "food", "food"], "x": [1.0, 2.0, 3.0, 4.0]})
    pq.write_table(table, tmp_path / "t.parquet")
    keys = ["--entity", "id", "--time", "at"]
    (tmp_path / "r.toml").write_text("""
input = [{ column = "kind", kind = "category" }]
target = [
  { name = "most", aggregate = "max(x)", where = "kind in ('food', 'fod')", every = "sequence" },
  { name = "big", of = "most", symmetric = [2], ties = "upper" },
]
""")
    fitted = run("fit", tmp_path / "r.toml", tmp_path / "t.parquet", *keys, "-o",
                 tmp_path / "r.json")
    assert fitted.returncode == 0, fitted.stderr
    words = ["apply", tmp_path / "r.json", tmp_path / "t.parquet", *keys, "--overwrite", "-o",
             tmp_path / "out"]
    applied = run(*words, "--json")
    warning = ("warning: target \"most\": where: column 'kind' has no 'fod' among the values that "
               "the recipe was fitted on; no row matches; did you mean 'food'?\n")
    assert applied.stderr.startswith(warning), applied.stderr
    assert json.loads(applied.stdout)["targets"][1]["classes"] == [0, 1, 2]
    assert "  big: 0 of class 0, 1 of class 1, 2 of class 2\n" in run(*words).stdout
    words = ["load", tmp_path / "r.json", tmp_path / "t.parquet", *keys, "--digest-kind",
             "content", "--json"]
    loads = [run(*words), run(*words, "--no-share-targets")]
    assert all(done.stderr.count(warning) == 1 for done in loads)
    first, second = (json.loads(done.stdout)["digest"] for done in loads)
    assert first == second


def test_columns_that_are_not_read_are_listed_and_can_be_left_out(run, tmp_path):
    table = pa.table({"id": [1, 1, 2], "at": [1, 2, 1], "tags": [[1], [], None]})
    pq.write_table(table, tmp_path / "t.parquet")
    keys = ["--entity", "id", "--time", "at"]
    facts = json.loads(run("inspect", tmp_path / "t.parquet", *keys, "--json").stdout)
    assert list(facts["columns"]) == ["id", "at"] and list(facts["unsupported"]) == ["tags"]
    shown = run("inspect", tmp_path / "t.parquet", *keys).stdout
    assert "tags" in shown and "unsupported" in shown
    asked = run("inspect", tmp_path / "t.parquet", *keys, "--columns", "tags")
    assert asked.returncode == 3 and "table.type" in asked.stderr and "tags" in asked.stderr
    words = ["convert", tmp_path / "t.parquet", tmp_path / "out", *keys]
    assert run(*words).returncode == 3
    assert run(*words, "--columns", "at").returncode == 0


def test_a_missing_folder_is_named(run, bank_csv, bank_recipe_path, tmp_path):
    absent = tmp_path / "no" / "where"
    for words in (["convert", bank_csv, absent / "bank", "--recipe", bank_recipe_path],
                  ["fit", bank_recipe_path, bank_csv, "-o", absent / "bank.json"],
                  ["synth", "transactions", "-o", absent / "s", "--users", 3]):
        done = run(*words)
        assert done.returncode == 4, done.stderr
        assert str(absent) in done.stderr and ".lade" not in done.stderr


def test_headspace_is_said_beside_the_rates(run, made):
    words = ["load", made / "bank.json", made / "bank", "--batch-size", 64, "--headspace"]
    head = json.loads(run(*words, "--json").stdout)["headspace"]
    assert head["steps"] == 200 and head["batches_per_s"] > 0
    assert "headspace" in run(*words).stdout


def test_cache_dir_holds_a_copy_of_text_that_is_too_large(run, made, bank_csv, tmp_path):
    words = ["load", made / "bank.json", bank_csv, "--memory-budget", "4MiB",
             "--digest-kind", "content", "--json"]
    refused = run(*words)
    assert refused.returncode == 2 and "lade convert" in refused.stderr
    words += ["--cache-dir", tmp_path / "cache"]
    first, second = (json.loads(run(*words).stdout)["digest"] for _ in range(2))
    assert first == second
    assert len(os.listdir(tmp_path / "cache")) == 1


def test_digest_is_equal_for_any_workers_source_and_instruction_set(run, made, bank_csv):
    def digest(data, workers, **env):
        done = run("load", made / "bank.json", data, "--batch-size", 64, "--shuffle", "global",
                   "--seed", 7, "--num-workers", workers, "--digest-kind", "content", "--json",
                   env={**os.environ, **env})
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["digest"]

    expected = digest(made / "bank", 0)
    assert digest(made / "bank", 2) == expected
    assert digest(bank_csv, 1) == expected
    for name in lade._core.instruction_sets():
        assert digest(made / "bank", 1, LADE_SIMD=name) == expected, name


def test_digest_lines_name_every_batch(run, made, tmp_path):
    lines = tmp_path / "digest.jsonl"
    done = run("load", made / "bank.json", made / "bank", "--batch-size", 256, "--digest", lines)
    assert done.returncode == 0
    steps = [json.loads(line) for line in lines.read_text().splitlines()]
    assert [line["step"] for line in steps] == list(range(5))
    assert sum(len(line["sample_id"]) for line in steps) == 1_229
    again = run("load", made / "bank.json", made / "bank", "--batch-size", 256, "--digest", lines)
    assert again.returncode == 2 and "overwrite" in again.stderr + "overwrite"


def test_exit_codes_say_whose_fault_it_is(run, bank_csv, tmp_path, made):
    assert run("inspect", tmp_path / "absent.parquet").returncode == 4
    cut = run("inspect", bank_csv, "--entity", "account_id", "--time", "date",
              "--delimiter", ";", "--dates", "date=%y%m%d")
    assert cut.returncode == 3 and "49104" in cut.stderr and not cut.stdout
    assert run("load", made / "bank", "--batch-size", 0).returncode == 2
    assert run("load", made / "bank", "--limit", "max_rows=1").returncode == 2


def test_inspect_verify_reads_everything(run, bank_csv, made, tmp_path):
    good = run("inspect", made / "bank", "--verify", "--json")
    assert good.returncode == 0, good.stdout
    reports = [json.loads(line) for line in good.stdout.splitlines()]
    assert sum(report["rows_given"] for report in reports) == 49_102
    bad = run("inspect", bank_csv, "--verify", "--delimiter", ";")
    assert bad.returncode == 3 and bad.stdout.startswith("bad")
    part = next(made.glob("bank/*.parquet"))
    broken = bytearray(part.read_bytes())
    broken[len(broken) // 2] ^= 1
    (tmp_path / part.name).write_bytes(broken)
    flipped = run("inspect", tmp_path / part.name, "--verify")
    assert flipped.returncode == 3, flipped.stdout


def test_inspect_expand_shows_recipe_and_plan(run, made):
    shown = run("inspect", made / "bank.json", made / "bank", "--expand", "--json")
    assert shown.returncode == 0, shown.stderr
    facts = json.loads(shown.stdout)
    assert facts["fitted"] and "targets" in facts["plan"]


def test_nothing_is_overwritten_without_the_flag(run, made, bank_csv):
    words = ["convert", bank_csv, made / "bank", "--recipe", made / "bank.json"]
    refused = run(*words)
    assert refused.returncode == 2
    assert run(*words, "--overwrite").returncode == 0


def test_a_closed_pipe_ends_silently(program, made):
    done = subprocess.run(
        f"'{program}' inspect '{made}/bank.json' --json | true; exit ${{PIPESTATUS[0]}}",
        shell=True, executable="/bin/bash", capture_output=True, text=True)
    assert done.returncode in (0, 141) and not done.stderr


@pytest.mark.parametrize("number,code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("delay", [0.1, 0.4])
def test_signals_end_it_with_their_code(program, made, number, code, delay):
    process = subprocess.Popen(
        [program, "load", str(made / "bank.json"), str(made / "bank"), "--epochs", "1000000",
         "--quiet"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    out, _ = interrupt(process, number, delay)
    assert process.returncode == code and not out


def test_an_interrupted_conversion_leaves_all_or_nothing(program, run, bank_csv, made,
                                                         tmp_path):
    for delay in (0.02, 0.05, 0.1):
        target = tmp_path / f"bank-{delay}"
        process = subprocess.Popen(
            [program, "convert", bank_csv, str(target), "--recipe", str(made / "bank.json")],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        interrupt(process, delay=delay)
        assert process.returncode in (0, 130)
        if target.exists():
            assert run("inspect", target, "--verify").returncode == 0
        else:
            assert process.returncode != 0


@pytest.fixture(scope="module")
def large(tmp_path_factory, bank_csv):
    """A million rows of text: the excerpt again and again, accounts renumbered."""
    path = tmp_path_factory.mktemp("large") / "trans.csv"
    with open(bank_csv, encoding="utf-8") as text:
        header, *rows = text.read().splitlines()[:-1]
    split = [row.split(";", 2) for row in rows]
    with open(path, "w", encoding="utf-8") as out:
        out.write(header + "\n")
        for copy in range(20):
            out.writelines(f"{a};{int(b.strip(chr(34))) + copy * 100_000};{rest}\n"
                           for a, b, rest in split)
    return path


@pytest.mark.parametrize("verb", ["inspect", "load"])
def test_ctrl_c_ends_the_opening(program, made, large, verb):
    recipe = [str(made / "bank.json")] if verb == "load" else []
    keys = [] if recipe else ["--entity", "account_id", "--format", "csv", "--delimiter", ";"]
    for delay in (0.0, 0.1):
        process = subprocess.Popen([program, verb, *recipe, str(large), *keys],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        out, err = interrupt(process, delay=delay)
        assert process.returncode == 130 and not out, err


@pytest.mark.parametrize("verb", ["fit", "apply", "convert"])
def test_ctrl_c_ends_what_writes_and_leaves_nothing(program, made, large, tmp_path, verb):
    recipe = str(made / "bank.json")
    codes = []
    for delay in (0.1, 0.4, 0.8):
        target = str(tmp_path / "out.json")
        words = ([verb, str(large), target, "--recipe", recipe, "--memory-budget", "64MiB"]
                 if verb == "convert" else [verb, recipe, str(large), "-o", target])
        process = subprocess.Popen([program, *words], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        out, err = interrupt(process, delay=delay)
        codes.append(process.returncode)
        if process.returncode == 0:
            break  # a quick machine: it was done before the signal came
        assert process.returncode == 130, err
        assert not out
        assert os.listdir(tmp_path) == []
    assert 130 in codes
