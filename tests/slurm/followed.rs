//! The window on a real Slurm: a study submitted from its sheet, watched, one job of it stopped, all cancelled, retried, and
//! taken up by a window that is opened later.

use super::{COUNT, begun_in, cluster::Cluster, counted_study, of_count, wait_until};
use crate::window::{PATIENCE, Window};
use egui::Role;
use egui_kittest::kittest::Queryable;
use spikeloom::{
    app::{Access, App, command::Command},
    batch::Slurm,
};
use std::{fs, path::Path, time::Instant};

fn open(folder: tempfile::TempDir, cluster: &Cluster) -> Window {
    let access =
        Access { slurm: Slurm::at(&cluster.conf()), program: env!("CARGO_BIN_EXE_spikeloom").into() };
    let path = folder.path().join("p.ron");
    let mut window = Window::start_with(folder, Some(&path), access);
    window.wait("it is open", |app| app.pipeline().node("count").is_some());
    window
}

/// Clicks the first of several of that label, wherever it lies.
fn press(window: &mut Window, label: &str) {
    window.wait_for(label);
    window.harness.query_all_by_label(label).next().unwrap().click_accesskit();
    window.steps(3);
}

fn show_study(window: &mut Window) {
    window.app_mut().perform(Command::ShowStudy);
    window.wait("all is read", |app: &App| !app.is_reading_study());
}

/// Waits until a cell is in a state; what is on the screen where it never is.
fn cell(window: &mut Window, label: &str) {
    let began = Instant::now();
    while window.harness.query_by_label(label).is_none() {
        assert!(began.elapsed() < 2 * PATIENCE, "never {label}: {:?}", window.words());
        std::thread::sleep(std::time::Duration::from_millis(20));
        window.steps(1);
    }
}

fn gone(path: &Path, names: &[&str]) {
    names.iter().for_each(|name| fs::remove_file(path.join(name)).unwrap());
}

#[test]
fn a_study_is_submitted_watched_stopped_and_retried_in_the_window() {
    let cluster = Cluster::start();
    let place = counted_study(COUNT, "all");
    for (name, text) in [("broken_1", ""), ("slow_2", "77.25"), ("slow_3", "77.25")] {
        place.write(name, text);
    }
    let path = place.folder.path().to_owned();
    let mut window = open(place.folder, &cluster);

    // The sheet shows the arrays that will be made, with what is typed.
    window.app_mut().perform(Command::SubmitToSlurm);
    window.wait_for("13 tasks in 13 jobs of 4 arrays");
    assert!(window.says("count of the same item") && window.says("all of again"), "{:?}", window.words());
    let memory = window.harness.get_by_role_and_label(Role::TextInput, "Memory").rect().center();
    window.click_at(memory);
    window.retype("200M");
    window.type_number("Cores", "1");
    let began = Instant::now();
    while window.harness.query_all_by_label("200M").count() < 4 {
        assert!(began.elapsed() < PATIENCE, "{:?}", window.words());
        window.steps(1);
    }
    window.click("Submit");
    window.wait_for("Submitted as 4 arrays");
    assert!(!path.join("store/jobs/000001").exists());

    // What is done with the file now does not change what the jobs do.
    let text = fs::read_to_string(path.join("p.ron")).unwrap();
    fs::write(path.join("p.ron"), text.replace("counted} >", "counted} >>")).unwrap();

    // The jobs are followed, with what the job of a task says while it runs.
    window.wait_for("2 running");
    window.wait_for("1 failed");
    fs::write(path.join("p.ron"), text).unwrap();
    show_study(&mut window);
    cell(&mut window, "count of index=2: running");
    window.menu_of("count of index=2: running");
    window.click("Show what it said");
    window.wait_for("Running on ");
    window.wait_for("count [index=2]");
    // Its console, while it goes on.
    window.wait_for("recording 2 began");
    show_study(&mut window);
    cell(&mut window, "count of index=1: failed");
    cell(&mut window, "count of index=2: running");
    cell(&mut window, "again of index=2: queued");

    // A window that is opened later takes it up.
    let mut window = open(window.close(), &cluster);
    show_study(&mut window);
    cell(&mut window, "count of index=2: running");
    cell(&mut window, "again of index=1: blocked");

    // One is stopped, and what needs it does not run; the other goes on.
    window.menu_of("count of index=2: running");
    window.click("Stop this");
    cell(&mut window, "count of index=2: cancelled");
    cell(&mut window, "again of index=2: blocked");
    cell(&mut window, "count of index=3: running");
    assert_eq!(of_count(&cluster, "R").len(), 1);

    // All that is left is cancelled.
    window.app_mut().perform(Command::CancelOnSlurm);
    cell(&mut window, "count of index=3: cancelled");
    wait_until("nothing runs", || of_count(&cluster, "R,PD,CG").is_empty());
    cell(&mut window, "count of index=0: done");
    assert_eq!(begun_in(&path), ["0", "1", "2", "3"]);

    // Mended, what failed and what was cancelled is submitted again, and nothing else.
    gone(&path, &["broken_1", "slow_2", "slow_3"]);
    window.wait_for("Retry failed on Slurm");
    press(&mut window, "Retry failed on Slurm");
    for index in 0..4 {
        cell(&mut window, &format!("again of index={index}: done"));
    }
    cell(&mut window, "all of all together: done");
    assert_eq!(begun_in(&path), ["0", "1", "1", "2", "2", "3", "3"]);
    window.app_mut().perform(Command::SubmitToSlurm);
    window.wait_for("Nothing to submit: all is done already.");
}

#[test]
fn where_slurm_does_not_answer_the_sheet_says_so() {
    let place = counted_study(COUNT, "all");
    let access = Access { slurm: Slurm::at(&place.write("slurm.conf", "")), program: "spikeloom".into() };
    let path = place.path("p.ron");
    let mut window = Window::start_with(place.folder, Some(&path), access);
    window.wait("it is open", |app| app.pipeline().node("count").is_some());
    window.app_mut().perform(Command::SubmitToSlurm);
    window.wait_for("squeue refused");
    window.wait_for("Without Slurm here");
    window.click("Ask again");
    window.wait_for("squeue refused");
    assert!(!path.with_file_name("store").join("jobs").exists());
}
