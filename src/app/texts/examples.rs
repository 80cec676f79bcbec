texts! {
    quick_start: "Quick start";
    quick_start_about: "A generated recording, sorted and compared with its truth.";
    tetrode: "Tetrode";
    tetrode_about: "Up to eight wires close together: filter, sort, metrics and correlograms.";
    linear_probe: "Linear probe";
    linear_probe_about: "A few columns of contacts: filter, common reference, sort, metrics.";
    neuropixels: "Neuropixels";
    neuropixels_about: "Hundreds of contacts: bad channels mended, common reference, sort, metrics.";
    spikes_only: "Spikes only";
    spikes_only_about: "No sorting: spikes found, located and described.";
    compare_two_sorters: "Compare two sorters";
    compare_two_sorters_about: "The same recording sorted twice, unit by unit.";
}
