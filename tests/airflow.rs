//! A study on a real Airflow: its DAG is read, tries again what failed, and runs to the end.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{
    place::{Place, begun, counted_study, events},
    root, stderr, stdout,
};
use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

/// Airflow in an environment of its own, as `tests/run` installs it.
fn airflow() -> PathBuf {
    let named = std::env::var_os("SPIKELOOM_TEST_AIRFLOW").filter(|path| !path.is_empty()).map(PathBuf::from);
    let path = named.unwrap_or_else(|| root().join(".venv-airflow/bin/airflow"));
    assert!(path.exists(), "no Airflow: run `tests/run` once, or name its program in SPIKELOOM_TEST_AIRFLOW");
    path
}

/// Recording 1 fails at its first try, recording 2 as long as `broken` is there.
const COUNT: &str = "echo $2 >> $1/begun
if [ $2 = 1 ] && [ ! -e $1/tried ]; then touch $1/tried; exit 3; fi
if [ $2 = 2 ] && [ -e $1/broken ]; then echo it is broken; exit 4; fi
printf 'x\\n%s\\n' $2 > $3\n";

struct Site {
    place: Place,
}

impl Site {
    fn command(&self, arguments: &[&str]) -> Output {
        Command::new(airflow())
            .args(arguments)
            .env("AIRFLOW_HOME", self.place.path("airflow"))
            .env("AIRFLOW__CORE__LOAD_EXAMPLES", "false")
            .env_remove("SPIKELOOM_STORE")
            .output()
            .unwrap()
    }

    /// What Airflow says, and that it ended well.
    fn says(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments);
        let said = format!("{}\n{}", stdout(&output), stderr(&output));
        assert!(output.status.success(), "airflow {}\n{said}", arguments.join(" "));
        said
    }

    /// What `jobs --follow` says until it ends; Airflow's command is on the path or not.
    fn follows(&self, code: i32, is_asked: bool) -> String {
        let path = std::env::var("PATH").unwrap();
        let bin = airflow().parent().unwrap().display().to_string();
        let path = if is_asked { format!("{bin}:{path}") } else { path };
        let mut command = self.place.command(&["jobs", "p.ron", "--follow"]);
        let output =
            command.env("PATH", path).env("AIRFLOW_HOME", self.place.path("airflow")).output().unwrap();
        let said = format!("{}\n{}", stdout(&output), stderr(&output));
        assert_eq!(output.status.code(), Some(code), "{said}");
        said
    }

    fn submit(&self, code: i32, arguments: &[&str]) -> String {
        let all = [&["submit", "p.ron", "--engine", "airflow"], arguments].concat();
        let output =
            self.place.command(&all).env("AIRFLOW_HOME", self.place.path("airflow")).output().unwrap();
        let said = format!("{}\n{}", stdout(&output), stderr(&output));
        assert_eq!(output.status.code(), Some(code), "{said}");
        said
    }
}

#[test]
fn a_study_runs_on_airflow_and_only_what_failed_is_tried_again() {
    let place = counted_study(COUNT, "all it's");
    place.write("broken", "");
    let site = Site { place };

    let said = site.submit(2, &[]);
    assert!(said.contains("there is no folder") && said.contains("AIRFLOW_HOME"), "{said}");
    fs::create_dir_all(site.place.path("airflow/dags")).unwrap();
    let said = site.submit(2, &["--time", "soon"]);
    assert!(said.contains("--time soon") && said.contains("2:00:00"), "{said}");
    assert!(!site.place.path("airflow/dags/spikeloom_p.py").exists());
    let said = site.submit(0, &["--cores", "1", "--time", "0:05:00"]);
    for part in [
        "count: 4 tasks in 4 jobs",
        "again: 4 tasks in 4 jobs",
        "all it's: 1 task in 1 job",
        "DAG spikeloom_p",
    ] {
        assert!(said.contains(part), "no \"{part}\" in\n{said}");
    }

    // It is read, and runs: what failed once is tried again by Airflow, what goes on failing keeps back what needs it.
    site.says(&["db", "migrate"]);
    let errors = site.says(&["dags", "list-import-errors"]);
    assert!(errors.contains("No data found"), "{errors}");
    let text = fs::read_to_string(site.place.path("airflow/dags/spikeloom_p.py")).unwrap();
    // Tests need not wait so long.
    fs::write(
        site.place.path("airflow/dags/spikeloom_p.py"),
        text.replace("\"retry_delay_s\": 30", "\"retry_delay_s\": 1"),
    )
    .unwrap();
    let output = site.command(&["dags", "test", "spikeloom_p"]);
    let said = format!("{}\n{}", stdout(&output), stderr(&output));
    assert_eq!(begun(&site.place), ["0", "1", "1", "2", "2", "3"], "{said}");
    assert!(said.contains("it is broken"), "the console of a task is its log\n{said}");
    let status = stdout(&site.place.ends(0, &["status", "p.ron"]));
    assert!(status.contains("it is broken") || status.contains("ended with code 4"), "{status}");
    let jobs = stdout(&site.place.ends(1, &["jobs", "p.ron"]));
    assert!(jobs.contains("count [index=2] failed") && jobs.contains("spikeloom_p"), "{jobs}");
    let log = stdout(&site.place.ends(0, &["jobs", "p.ron", "--log", "count"]));
    assert!(log.contains("count [index=3]") && log.contains("it is broken"), "{log}");
    site.place.refuses(&["jobs", "p.ron", "--cancel"], &["handed to Airflow", "spikeloom_p"]);
    // Followed, it ends with what Airflow says of its run, where that can be asked.
    let said = site.follows(1, true);
    assert!(said.contains("spikeloom_p: its run has ended (failed)"), "{said}");

    // Mended and submitted again: what is not done, and nothing else.
    fs::remove_file(site.place.path("broken")).unwrap();
    let said = site.submit(0, &["--cores", "1"]);
    assert!(said.contains("count: 1 task in 1 job") && !said.contains("statistics"), "{said}");
    std::thread::scope(|scope| {
        let follows = scope.spawn(|| site.follows(0, false));
        let said = site.says(&["dags", "test", "spikeloom_p"]);
        assert!(said.contains("state=success"), "{said}");
        let said = follows.join().unwrap();
        assert!(
            said.contains("Airflow does not tell") && said.contains("count [index=2]: done in"),
            "{said}"
        );
        assert!(said.contains("13 of 13 tasks done"), "{said}");
    });
    assert_eq!(begun(&site.place), ["0", "1", "1", "2", "2", "2", "3"]);
    let last = events(&site.place.ends(0, &["run", "p.ron", "--json"])).pop().unwrap();
    assert_eq!((last["tasks"].as_u64(), last["cached"].as_u64()), (Some(13), Some(13)));
    assert!(site.submit(0, &[]).contains("all is done already"));
}
