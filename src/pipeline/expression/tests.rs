//! Expressions as users write them.

use super::*;

fn item() -> Coordinate {
    let values = [
        ("session", CoordinateValue::Text("a".into())),
        ("index", CoordinateValue::Int(3)),
        ("snr", CoordinateValue::of_text("4.5")),
    ];
    values.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()
}

fn holds(text: &str) -> bool {
    Expression::parse(text).unwrap().holds(&item()).unwrap()
}

fn error(text: &str) -> String {
    Expression::parse(text).and_then(|e| e.holds(&item())).unwrap_err().to_string()
}

#[test]
fn conditions_over_keys() {
    for text in [
        "session == \"a\" && index % 2 == 1",
        "session == 'a' and not (index > 3)",
        "index in [1, 2, 3] && session in ['a', \"b\"]",
        "1 + 2 * index == 7 && (1 + 2) * index == 9",
        "snr >= 4.5 || nowhere == 1",
        "-index % 2 == 1",
        "2e1 == 20 && 1.5E-1 == .15",
        "index - 1 - 1 == 1 && 8 / 2 / 2 == 2",
        "starts_with(session, \"a\") && contains(session + index, \"a3\")",
        "(index < 2 ? \"early\" : \"late\") == 'late'",
        "max(index, 7, abs(-9)) == 9 && int(\"12\") == 12",
        "!(session != \"a\")",
    ] {
        assert!(holds(text), "{text}");
    }
    assert!(!holds("session == \"b\" || index == 4"));
}

#[test]
fn keys_from_expressions() {
    let key = |text: &str| Expression::parse(text).unwrap().key_of(&item()).unwrap();
    assert_eq!(key("index % 2"), CoordinateValue::Int(1));
    assert_eq!(key("index / 2"), CoordinateValue::of_text("1.5"));
    assert_eq!(key("index > 2"), CoordinateValue::Text("true".into()));
    assert_eq!(key("session + \"_\" + index"), CoordinateValue::Text("a_3".into()));
}

#[test]
fn what_is_wrong_is_said() {
    assert!(error("sesion == \"a\"").contains("there is no \"sesion\"; the keys are index, session, snr"));
    assert!(error("index = 2").contains("write == to compare at character 7"));
    assert!(error("index % 2").contains("a condition such as"));
    assert!(error("session == 3").contains("never equal"));
    assert!(error("session < 3").contains("no order"));
    assert!(error("index % 0 == 1").contains("divided by zero"));
    assert!(error("(index == 1").contains(") expected at character"));
    assert!(error("\"a == 1").contains("not closed at character 1"));
    assert!(error("index == 1 index").contains("an operator expected at character 12"));
    assert!(error("index ==").contains("a value expected"));
    assert!(error("").contains("an expression expected"));
    assert!(error("mean(index) == 1").contains("no function mean"));
    assert!(error(&"(".repeat(1000)).contains("nested too deep"));
    assert!(error(&"!".repeat(100_000)).contains("nested too deep"));
    assert!(error("é == 1 @").contains("character 8"));
    assert!(error("sqrt(0 - index) > 1").contains("no square root"));
    assert!(error("index + [1] == 1").contains("a number expected"));
}

#[test]
fn there_is_one_zero() {
    for text in
        ["!(-(index - 3) < 0)", "-(index - 3) >= 0", "text(-(index - 3)) == \"0\"", "5.5 % 0.1 > 0.09"]
    {
        assert!(holds(text), "{text}");
    }
}

#[test]
fn long_expressions_are_refused_before_they_are_too_deep() {
    let sum = |count: usize| format!("0{} > 1", " + 1".repeat(count));
    assert!(holds(&sum(999)));
    assert!(Expression::parse(&sum(999)).unwrap().in_python(&str::to_owned).len() > 4000);
    assert!(error(&sum(200_000)).contains("more than 1000 operators at character"));
    let list: Vec<String> = (0..20_000).map(|n| n.to_string()).collect();
    assert!(holds(&format!("index in [{}]", list.join(", "))));
}

#[test]
fn words_become_keys_of_their_type() {
    let of = CoordinateValue::of_text;
    assert_eq!(of("12"), CoordinateValue::Int(12));
    assert_eq!(of("-3"), CoordinateValue::Int(-3));
    assert_eq!(of("0.50"), of("0.5"));
    for name in ["007", "1e", "nan", "inf", "a1", "", "-"] {
        assert_eq!(of(name), CoordinateValue::Text(name.into()), "{name}");
    }
}

#[test]
fn truths_of_a_table_are_conditions() {
    let item: Coordinate = [("good", "true"), ("bad", "false")]
        .map(|(k, v)| (k.to_owned(), CoordinateValue::of_text(v)))
        .into_iter()
        .collect();
    for text in ["good", "good == true", "good == \"true\"", "!bad", "bad != good", "good ? !bad : bad"] {
        assert!(Expression::parse(text).unwrap().holds(&item).unwrap(), "{text}");
    }
    // Beside it stand other words.
    for text in ["good == 'yes'", "good in ['yes', 'no']"] {
        assert!(!Expression::parse(text).unwrap().holds(&item).unwrap(), "{text}");
    }
    assert!(Expression::parse("good in ['yes', 'true']").unwrap().holds(&item).unwrap());
}

#[test]
fn words_that_are_numbers_count_as_those() {
    let item: Coordinate = [("index", "08"), ("day", "mon")]
        .map(|(k, v)| (k.to_owned(), CoordinateValue::Text(v.into())))
        .into_iter()
        .collect();
    let found = |text: &str| Expression::parse(text).unwrap().holds(&item);
    for text in
        ["index == 8", "index == '08'", "index % 2 == 0", "index > 7", "index in [7, 8]", "index != '8'"]
    {
        assert!(found(text).unwrap(), "{text}");
    }
    assert!(found("index + '_' == '08_'").unwrap());
    for text in ["day == 8", "day in [7, 8]", "day % 2 == 0"] {
        assert!(found(text).is_err(), "{text}");
    }
}
