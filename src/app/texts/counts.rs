texts! {
    channels(count): "{count} channel" | "{count} channels";
    comments(count): "{count} comment" | "{count} comments";
    contacts(count): "{count} contact" | "{count} contacts";
    frames(count): "{count} frame" | "{count} frames";
    marks(count): "{count} mark" | "{count} marks";
    nodes(count): "{count} node" | "{count} nodes";
    parameters(count): "{count} parameter" | "{count} parameters";
    pipelines(count): "{count} pipeline" | "{count} pipelines";
    runs(count): "{count} run" | "{count} runs";
    samples(count): "{count} sample" | "{count} samples";
    steps(count): "{count} step" | "{count} steps";
    tasks(count): "{count} task" | "{count} tasks";
    threads(count): "{count} thread" | "{count} threads";
    warnings(count): "{count} warning" | "{count} warnings";
    wires(count): "{count} wire" | "{count} wires";
}
