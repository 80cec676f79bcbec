//! Values and times in words.

texts! {
    // Numbers, times and names as people read them.
    just_now: "just now";
    yesterday: "yesterday";
    auto: "auto";
    none: "none";
    yes: "yes";
    no: "no";
    not_set: "not set";
    min_ago(minutes): "{minutes:.0} min ago";
    h_ago(hours): "{hours:.0} h ago";
    days_ago(days): "{days:.0} days ago";
}
