def word(value):
    """A value as a word: 2, not 2.0, and true, not True."""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        return np.format_float_positional(float(value) + 0.0, trim="-")
    return str(value)


def plus(a, b):
    """The sum of two numbers; words are put together with anything."""
    return word(a) + word(b) if isinstance(a, str) or isinstance(b, str) else a + b


def rounded(value):
    """The nearest whole number, halves away from zero."""
    whole = math.trunc(value)
    return whole + (value > whole) - (value < whole) if abs(value - whole) >= 0.5 else whole


def number(value):
    """A number, or that which a word such as 08 is."""
    if not isinstance(value, str):
        return value
    try:
        return int(value)
    except ValueError:
        return float(value)


def holds(value):
    """A truth, or that which the word true or false is."""
    return {"true": True, "false": False}[value] if isinstance(value, str) else value


def order(keys, names):
    """For sorted: items by these keys, numbers before words, and numbers within words in their order."""

    def parts(value):
        if not isinstance(value, str):
            return [(0, value, "")]
        found = re.findall(r"[0-9]+|[^0-9]+", value)
        return [(1, int(part), part) if part[0] in "0123456789" else (2, 0, part) for part in found]

    return [parts(keys[name]) for name in names]


def lost_of(items):
    """The keys of items that belong into a list and could not be had."""
    return LOST.setdefault(id(items), (items, []))[1]


def made_of(*lists):
    """A list for what is made of the items of others: what those lost, it lacks as well."""
    made = []
    lost_of(made).extend(keys for items in lists for keys in lost_of(items))
    return made


def all_there(items):
    """Refuses a group of which an item could not be had: what is joined without it would be something else."""
    if lost_of(items):
        raise ValueError(f"{'; '.join(map(str, lost_of(items)))} belongs to it and could not be had")


def left_out(what, why, *lists):
    """What cannot be had is told at once, and again at the end; all else goes on. Lists that it is not in have lost it."""
    print(f"{what} is left out: {why}")
    LEFT_OUT.append(what)
    for items in lists:
        if not any(keys is what for keys, _ in items[-1:]):
            lost_of(items).append(what)


def matched(*collections):
    """Items of several collections that agree in the keys they share, side by side, in the order of the first collection."""
    rows = [({},)]
    for items in collections:
        rows = [
            ({**keys, **own}, *values, value)
            for keys, *values in rows
            for own, value in items
            if all(keys[name] == own[name] for name in keys.keys() & own.keys())
        ]
    return rows


def grouped(items, names):
    """Items that agree in these keys, together, in the order in which they come."""
    groups = {}
    for keys, value in items:
        own = {name: keys[name] for name in names if name in keys}
        groups.setdefault(tuple(own.items()), []).append((keys, value))
    for keys in lost_of(items):
        own = tuple((name, keys[name]) for name in names if name in keys)
        if own in groups:
            lost_of(groups[own]).append(keys)
    return [(dict(own), members) for own, members in groups.items()]


def place(path, keys):
    """Where an item writes: {key} in the path stands for its value, other keys are added to the name."""

    def safe(text):
        return re.sub(r"[^\w=,.-]", "_", text)

    rest = {name: word(value) for name, value in sorted(keys.items())}
    for name in keys:
        if f"{{{name}}}" in path:
            path = path.replace(f"{{{name}}}", safe(rest.pop(name)))
    path = BASE / path
    name = ",".join(f"{name}={value}" for name, value in rest.items())
    path = path.with_name(f"{path.stem}_{safe(name)}{path.suffix}") if rest else path
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def named_value(text):
    """The number that a word stands for, or the word."""
    if re.fullmatch(r"-?(0|[1-9]\d*)", text):
        return int(text)
    return float(text) if re.fullmatch(r"-?(0|[1-9]\d*)\.\d+", text) else text


def of_table(keys, table, name):
    """What a name stands for: a key, rows (how many), a column of a single row, or a summary such as mean_x of a column x."""
    if name in keys:
        return keys[name]
    if name == "rows":
        return len(table)
    how, _, of = name.partition("_")
    value = None
    if name in table.columns and len(table) == 1:
        value = table[name].iloc[0]
    elif how in ["mean", "median", "min", "max"] and of in table.columns:
        value = getattr(table[of], how)()
    if value is None or value != value:
        raise ValueError(f"there is no {name} of {keys}; the table has {', '.join(table.columns)}")
    return value
