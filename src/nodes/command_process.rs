//! Running a program: its console line by line, a limit on its time, and an end for all it started.

use super::command_console::Console;
use crate::{
    data::text::shell_word,
    engine::Monitor,
    pipeline::{NodeError, RunContext, group_rss_bytes},
};
use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{LazyLock, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

/// How often it is asked whether to go on; on Linux the end of a program is told by itself.
const TICK: Duration = Duration::from_millis(if cfg!(target_os = "linux") { 25 } else { 10 });
/// How often it is asked whether a program that was asked to end has done so.
#[cfg(unix)]
const ENDS: Duration = Duration::from_millis(2);
/// How often it is asked what memory a program holds.
const WEIGHED_EVERY: Duration = Duration::from_millis(250);
/// Time a program has to end by itself once it was asked to.
#[cfg(unix)]
const PATIENCE: Duration = Duration::from_millis(60);
/// Longer lines are cut.
const LINE: u64 = 4096;

/// What to run.
#[derive(Debug)]
pub struct Call {
    pub program: PathBuf,
    pub arguments: Vec<String>,
    pub environment: Vec<String>,
    pub working_folder: PathBuf,
    pub timeout: Option<Duration>,
}

/// How it ended.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    console: Console,
}

impl Ended {
    /// The line of its console that says why it ended so, as `: LINE`; the other lines need not be read for it.
    pub fn reason(&self) -> String {
        self.console.reason().map_or_else(String::new, |line| format!(": {}", line.trim()))
    }

    /// The last lines of its console, for an error, of which the first line is whole without them.
    pub fn last_lines(&self) -> String {
        self.console.last_lines()
    }
}

/// The file of a program: at a path, or on the search path.
pub fn find(program: &str, base: &Path) -> Option<PathBuf> {
    let program = program.trim();
    if program.is_empty() {
        return None;
    }
    if program.contains(['/', '\\']) {
        let path = std::path::absolute(base.join(program)).ok()?;
        return path.is_file().then_some(path);
    }
    let folders = std::env::var_os("PATH")?;
    let names = [program.to_owned(), format!("{program}{}", std::env::consts::EXE_SUFFIX)];
    std::env::split_paths(&folders)
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
        .find(|path| path.is_file())
}

/// Runs a program in a shell that ends the whole group once standard input closes, which the system does when we die,
/// however that happens. The program itself has nothing to read. Its exit status is that of the shell.
#[cfg(unix)]
const GUARD: &str = r#"exec 3<&0 </dev/null
( read -r _ <&3; kill -KILL 0 ) >/dev/null 2>&1 &
guard=$!
"$@" 3<&- &
wait $!
code=$?
kill $guard
wait $guard 2>/dev/null
exit $code"#;

/// Ends with this process on Unix. Elsewhere a program outlives a spikeloom that is killed, but not one that is stopped.
fn guarded(call: &Call) -> Command {
    #[cfg(unix)]
    let mut command = {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", GUARD, "sh"]).arg(&call.program).stdin(Stdio::piped());
        // A group of its own, so that what it starts ends with it.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command
    };
    #[cfg(not(unix))]
    let mut command = {
        let mut command = Command::new(&call.program);
        command.stdin(Stdio::null());
        command
    };
    command.args(&call.arguments);
    command
}

/// Runs it to its end, or until it is cancelled or out of time; nothing it started stays, also where this process is
/// killed, unless it leaves its process group on purpose.
///
/// # Errors
/// Where it cannot be started, runs out of time or is cancelled.
pub fn run(call: &Call, context: &RunContext) -> Result<Ended, NodeError> {
    context.log(&shell_line(&call.program, &call.arguments));
    let mut command = guarded(call);
    command
        .envs(call.environment.iter().filter_map(|text| text.split_once('=')))
        .current_dir(&call.working_folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| {
        NodeError::Failed(format!("program: {} cannot be started: {error}", call.program.display()))
    })?;
    let began = Instant::now();
    let mut weighed = began;
    let mut timed_out = false;
    let console = Mutex::new(Console::default());
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let result = std::thread::scope(|scope| {
        if let Some(out) = out {
            scope.spawn(|| listen(out, false, &console, context));
        }
        if let Some(err) = err {
            scope.spawn(|| listen(err, true, &console, context));
        }
        // What is told never comes where nobody waits for the end.
        let (tell, told) = crossbeam_channel::bounded::<()>(1);
        #[cfg(target_os = "linux")]
        {
            let (tell, process) = (tell.clone(), child.id());
            scope.spawn(move || {
                wait_for(process);
                let _ = tell.send(());
            });
        }
        let result = loop {
            match child.try_wait() {
                Ok(Some(status)) => break Ok(code_of(status)),
                Ok(None) => {}
                Err(error) => break Err(NodeError::Failed(format!("the program is lost: {error}"))),
            }
            if context.cancelled() {
                break Err(NodeError::Cancelled);
            }
            if call.timeout.is_some_and(|timeout| began.elapsed() > timeout) {
                timed_out = true;
                break Ok(0);
            }
            if weighed.elapsed() > WEIGHED_EVERY {
                weighed = Instant::now();
                group_rss_bytes(child.id()).inspect(|bytes| context.program_memory(*bytes));
            }
            let _ = told.recv_timeout(TICK);
        };
        drop(tell);
        // Also where it ended: what it left running would keep its console open.
        end(&mut child);
        result
    });
    let code = result?;
    let console = console.into_inner().unwrap_or_else(PoisonError::into_inner);
    if timed_out {
        let seconds = call.timeout.unwrap_or_default().as_secs_f64();
        let last = console.last_lines();
        return Err(NodeError::Failed(format!("timeout_s: it was stopped after {seconds} s{last}")));
    }
    Ok(Ended { code, console })
}

/// Numbers of the user and group that a folder belongs to, as `1000:1000`; empty where there are none.
pub fn user(folder: &Path) -> String {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        std::fs::metadata(folder).map(|m| format!("{}:{}", m.uid(), m.gid())).unwrap_or_default()
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        String::new()
    }
}

/// Programs that print their version, and the argument that makes them.
const TELL_VERSION: [(&str, &str); 11] = [
    ("octave", "--version"),
    ("python", "--version"),
    ("julia", "--version"),
    ("Rscript", "--version"),
    ("perl", "-v"),
    ("bash", "--version"),
    ("node", "--version"),
    ("podman", "--version"),
    ("docker", "--version"),
    ("apptainer", "--version"),
    ("singularity", "--version"),
];

/// What programs said of themselves, by file and the time it is of: some take long to say it.
type Versions = HashMap<(PathBuf, Option<SystemTime>), Option<String>>;

/// The version of a program, where it is known how to ask for it: any other might do anything. It is asked once.
pub fn version(program: &Path) -> Option<String> {
    static KNOWN: LazyLock<Mutex<Versions>> = LazyLock::new(Mutex::default);
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let name = (program.to_owned(), program.metadata().and_then(|data| data.modified()).ok());
    if let Some(found) = known().get(&name) {
        return found.clone();
    }
    let version = asked_version(program);
    known().insert(name, version.clone());
    version
}

fn asked_version(program: &Path) -> Option<String> {
    let name = program.file_stem()?.to_string_lossy().into_owned();
    let (_, argument) = TELL_VERSION.iter().find(|(known, _)| {
        let rest = name.strip_prefix(known);
        rest.is_some_and(|rest| {
            rest.is_empty() || rest == "-cli" || rest.starts_with(|c: char| c.is_ascii_digit())
        })
    })?;
    let output = Command::new(program).arg(argument).stdin(Stdio::null()).output().ok()?;
    let text = if output.stdout.is_empty() { output.stderr } else { output.stdout };
    let text = String::from_utf8_lossy(&text).into_owned();
    text.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
}

fn listen(stream: impl Read, is_error: bool, console: &Mutex<Console>, context: &RunContext) {
    let mut reader = BufReader::new(stream);
    let mut bytes = Vec::new();
    // A console that cannot be read any more has nothing more to say.
    while (&mut reader).take(LINE).read_until(b'\n', &mut bytes).is_ok_and(|count| count > 0) {
        let text = String::from_utf8_lossy(&bytes);
        // Progress bars write over their line.
        let line = text.trim_end().rsplit('\r').next().unwrap_or_default().to_owned();
        bytes.clear();
        if line.is_empty() {
            continue;
        }
        context.log(&line);
        console.lock().unwrap_or_else(PoisonError::into_inner).push(line, is_error);
    }
}

/// Waits until a process has ended, and leaves it to be asked how.
#[cfg(target_os = "linux")]
fn wait_for(process: u32) {
    use nix::sys::wait::{Id, WaitPidFlag, waitid};
    let Ok(process) = i32::try_from(process) else { return };
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
    while waitid(Id::Pid(nix::unistd::Pid::from_raw(process)), flags) == Err(nix::errno::Errno::EINTR) {}
}

/// Ends the program and all of its group: first asked, then made to.
fn end(child: &mut Child) {
    #[cfg(unix)]
    if let Ok(group) = i32::try_from(child.id()) {
        use nix::sys::signal::{Signal, killpg};
        let group = nix::unistd::Pid::from_raw(group);
        // Fails once nobody of the group is left.
        if killpg(group, Signal::SIGTERM).is_ok() {
            let asked = Instant::now();
            while asked.elapsed() < PATIENCE && killpg(group, None).is_ok() {
                // Who ended waits here to be asked for.
                let _ = child.try_wait();
                std::thread::sleep(ENDS);
            }
            let _ = killpg(group, Signal::SIGKILL);
        }
    }
    // Fails where it has ended, which is what is wanted.
    let _ = child.kill();
    let _ = child.wait();
}

fn code_of(status: std::process::ExitStatus) -> i32 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return 128 + signal;
    }
    status.code().unwrap_or(-1)
}

/// A call as a shell would take it.
fn shell_line(program: &Path, arguments: &[String]) -> String {
    let program = shell_word(&program.display().to_string());
    std::iter::once(program)
        .chain(arguments.iter().map(|text| shell_word(text)))
        .collect::<Vec<_>>()
        .join(" ")
}
