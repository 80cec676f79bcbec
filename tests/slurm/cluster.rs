//! A real Slurm of one machine, in a folder of its own, gone when dropped.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// A controller, a node of four processors, and munge between them.
///
/// A job that is started again waits as long as `cred_expire` says (Slurm's default is two minutes).
pub struct Cluster {
    folder: tempfile::TempDir,
    daemons: Vec<Child>,
}

/// Folders of daemons are not on the path of everybody.
fn daemon(command: &mut Command) -> Child {
    let search = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
    let command = command.env("PATH", search).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn port() -> u16 {
    // Given by the system and free again; nobody else takes it in the moment until it is used.
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn host() -> String {
    let name = Command::new("hostname").arg("-s").output().unwrap();
    String::from_utf8_lossy(&name.stdout).trim().to_owned()
}

impl Cluster {
    /// Starts it.
    ///
    /// # Panics
    /// Where Slurm and munge are not installed: `tests/run` installs them.
    pub fn start() -> Self {
        let user = Command::new("id").arg("-un").output().unwrap();
        let user = String::from_utf8_lossy(&user.stdout).trim().to_owned();
        let is_root = user == "root";
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["state", "spool", "munge"] {
            fs::create_dir(at(name)).unwrap();
        }
        let run = |program: &str, arguments: &[&str]| {
            let status = Command::new(program).args(arguments).status();
            let status = status.unwrap_or_else(|e| panic!("{program}: {e}; run tests/run once"));
            assert!(status.success(), "{program} {arguments:?}");
        };
        let key: Vec<u8> = (0..256_u32).map(|i| (i * 167 + std::process::id()) as u8).collect();
        fs::write(at("munge/key"), key).unwrap();
        run("chmod", &["711", folder.path().to_str().unwrap()]);
        run("chmod", &["400", at("munge/key").to_str().unwrap()]);
        if is_root {
            run("chown", &["-R", "munge:munge", at("munge").to_str().unwrap()]);
        }
        let inner = |name: &str| at("munge").join(name).display().to_string();
        let munged = format!(
            "exec munged --foreground --key-file={} --socket={} --pid-file={} --log-file={} --seed-file={}",
            inner("key"),
            inner("socket"),
            inner("pid"),
            inner("log"),
            inner("seed")
        );
        // It does not like to be root.
        let lowered: &[&str] =
            if is_root { &["setpriv", "--reuid=munge", "--regid=munge", "--clear-groups"] } else { &["env"] };
        let mut daemons =
            vec![daemon(Command::new(lowered[0]).args(&lowered[1..]).args(["sh", "-c", &munged]))];
        let (host, path) = (host(), folder.path().display().to_string());
        let conf = format!(
            "ClusterName=test\nSlurmctldHost={host}(127.0.0.1)\nSlurmctldPort={}\nSlurmdPort={}\nAuthType=auth/munge\n\
             AuthInfo=socket={path}/munge/socket,cred_expire=15\nCryptoType=crypto/munge\nSlurmUser={user}\nSlurmdUser={user}\n\
             StateSaveLocation={path}/state\nSlurmdSpoolDir={path}/spool\nSlurmctldPidFile={path}/ctl.pid\n\
             SlurmdPidFile={path}/d.pid\nSlurmctldLogFile={path}/ctl.log\nSlurmdLogFile={path}/d.log\n\
             ProctrackType=proctrack/pgid\nTaskPlugin=task/none\nSelectType=select/cons_tres\n\
             SelectTypeParameters=CR_Core\nReturnToService=2\nMpiDefault=none\nSlurmdParameters=config_overrides\n\
             JobAcctGatherType=jobacct_gather/none\nAccountingStorageType=accounting_storage/none\nJobRequeue=1\n\
             SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0\nMinJobAge=300\nKillWait=2\n\
             NodeName={host} NodeAddr=127.0.0.1 CPUs=4 RealMemory=2000 State=UNKNOWN\n\
             PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP\n",
            port(),
            port()
        );
        fs::write(at("slurm.conf"), conf).unwrap();
        let began = Instant::now();
        while !at("munge/socket").exists() {
            assert!(began.elapsed() < Duration::from_secs(20), "munge did not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        let conf = at("slurm.conf").display().to_string();
        daemons.push(daemon(Command::new("slurmctld").args(["-D", "-f", &conf])));
        daemons.push(daemon(Command::new("slurmd").args(["-D", "-f", &conf])));
        let cluster = Self { folder, daemons };
        cluster.wait_for_node();
        cluster
    }

    fn wait_for_node(&self) {
        let began = Instant::now();
        let is_up = |state: &str| ["idle", "mixed", "allocated"].contains(&state);
        while !is_up(self.says("sinfo", &["-h", "-o", "%T"]).trim()) {
            assert!(began.elapsed() < Duration::from_secs(60), "no node: {}", self.log());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// The node loses its power: its daemon, what that started for jobs, and `jobs`, the processes of those, end at once, and
    /// the controller is told, as its own watch would tell it after some minutes.
    pub fn lose_node(&mut self, jobs: &[String]) {
        let mut node = self.daemons.pop().unwrap();
        node.kill().unwrap();
        node.wait().unwrap();
        let of_jobs =
            fs::read_dir("/proc").unwrap().flatten().filter(|process| self.is_step(&process.path()));
        let mut ids: Vec<String> =
            of_jobs.map(|process| process.file_name().to_string_lossy().into_owned()).collect();
        ids.extend(jobs.iter().cloned());
        Command::new("kill").arg("-KILL").args(&ids).status().unwrap();
        self.says("scontrol", &["update", &format!("nodename={}", host()), "state=down", "reason=power"]);
    }

    /// A process of this node that looks after a job.
    fn is_step(&self, process: &Path) -> bool {
        let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
        let open = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
        let mut open = open.filter_map(|file| fs::read_link(file.path()).ok());
        name.trim() == "slurmstepd" && open.any(|file| file.starts_with(self.folder.path()))
    }

    /// The node is there again.
    pub fn return_node(&mut self) {
        let conf = self.conf().display().to_string();
        self.daemons.push(daemon(Command::new("slurmd").args(["-D", "-f", &conf])));
        self.says("scontrol", &["update", &format!("nodename={}", host()), "state=resume"]);
        self.wait_for_node();
    }

    /// The file that commands find it by.
    pub fn conf(&self) -> PathBuf {
        self.folder.path().join("slurm.conf")
    }

    /// What a command of Slurm prints.
    pub fn says(&self, program: &str, arguments: &[&str]) -> String {
        let output = Command::new(program).args(arguments).env("SLURM_CONF", self.conf()).output();
        let output = output.unwrap_or_else(|e| panic!("{program}: {e}; run tests/run once"));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn log(&self) -> String {
        let read = |name: &str| fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
        read("ctl.log") + &read("d.log")
    }

    /// The folder it lives in.
    #[allow(dead_code, reason = "to look at its logs by hand")]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.says("scancel", &["--me"]);
        std::thread::sleep(Duration::from_millis(300));
        for daemon in self.daemons.iter_mut().rev() {
            let _ = Command::new("kill").arg(daemon.id().to_string()).status();
            let _ = daemon.wait();
        }
    }
}
