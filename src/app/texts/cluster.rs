//! Slurm: what is submitted, how it goes.

texts! {
    // The sheet that is filled in before anything is submitted.
    submit_to_slurm: "Submit to Slurm";
    asking_slurm: "Asking Slurm…";
    partition: "Partition";
    usual_partition: "the usual one";
    usual_partition_is(name): "the usual one ({name})";
    time_limit: "Time limit";
    time_hint: "2:00:00";
    time_left_out: "as the nodes say, else as Slurm has it";
    memory: "Memory";
    memory_hint: "8G";
    memory_left_out: "as the nodes say, with room to spare";
    cores: "Cores";
    cores_left_out: "as the nodes say";
    jobs_at_once: "Jobs in an array at most";
    jobs_hint: "More items than that share jobs and follow each other.";
    further_options: "Further options";
    options_hint: "--account=lab --qos=long";
    options_left_out: "any of sbatch, in quotes where they have spaces";
    arrays_to_be: "What will be submitted";
    node: "Node";
    tasks: "Tasks";
    jobs: "Jobs";
    time: "Time";
    waits_for: "Waits for";
    as_slurm_has_it: "Slurm's own";
    same_item(node): "{node} of the same item";
    all_of(node): "all of {node}";
    submitted_before: "what was submitted before";
    sum(tasks, jobs, arrays): "{tasks} in {jobs} of {arrays}";
    jobs_counted(count): "{count} job" | "{count} jobs";
    arrays_counted(count): "{count} array" | "{count} arrays";
    at_work_already(tasks): "{tasks} waiting or running already.";
    nothing_to_submit: "Nothing to submit: all is done already.";
    all_submitted: "Nothing to submit: all that is left is submitted already.";
    nothing_left: "Nothing to submit: all is done, or submitted already.";
    other_at_work(tasks): "{tasks} of the pipeline as it was before are waiting or running: Cancel all ends them, else they go on beside these.";
    must_be_saved: "The jobs work beside the pipeline's file: save it first, where the cluster sees it.";
    is_saved_first: "The pipeline is saved first: the jobs read it as it is now.";
    where_it_must_lie(store): "The recordings and the store ({store}) must lie where the computers of the cluster see them.";
    mend_first(problem): "Mend first: {problem}";
    elsewhere: "Without Slurm here: copy the pipeline to a computer of the cluster and start Spikeloom, or `spikeloom submit`, there.";
    submit: "Submit";
    submitting: "Submitting…";
    cancel: "Cancel";
    ask_again: "Ask again";

    // What came of it.
    submitted(arrays): "Submitted as {arrays}: Jobs shows how they go.";
    not_submitted(reason): "Not submitted: {reason}";
    nothing_failed: "Nothing failed or was cancelled.";
    no_answer(reason): "Slurm does not answer: {reason}";
    not_cancelled(reason): "Not cancelled: {reason}. The jobs go on: press Cancel all again.";

    // How it goes, among the jobs.
    this_computer: "This computer";
    slurm: "Slurm";
    counts_done(done, all): "{done} of {all} done";
    counts_running(count): "{count} running";
    counts_queued(count): "{count} in queue";
    counts_failed(count): "{count} failed";
    counts_cancelled(count): "{count} cancelled";
    counts_not_run(count): "{count} not run";
    cancel_all: "Cancel all";
    cancel_all_hint: "Ends all jobs of this pipeline that wait or run";
    retry_failed: "Retry failed";
    retry_failed_hint: "Submits what failed or was cancelled, with what needs it, and nothing else";
    retry_on_slurm: "Retry failed on Slurm";
    job_name(name): "job {name}";
    shared_job(count): "Its job does {count} tasks one after the other; stopping it stops them all.";
    no_log_yet: "Its job has not said anything yet.";
    on_slurm(status): "Slurm: {status}";
    is_done(title): "{title} is done on Slurm.";
    has_failed(title): "{title} on Slurm: something failed. Jobs shows what, and submits it again.";
    was_cancelled(title): "{title} on Slurm: cancelled.";
}
