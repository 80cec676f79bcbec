def joined_columns(table, other, on, columns=()):
    """The table with columns of another where rows belong together; a name that both have is put as other_NAME."""

    def names_of(frame):
        return [tuple(word(value) for value in row) for row in frame[on].itertuples(index=False, name=None)]

    rows = {names: index for index, names in enumerate(names_of(other))}
    if len(rows) < len(other):
        raise ValueError(f"the other table has several rows of one {', '.join(on)}")
    asked = [name for name in other[list(columns) or list(other.columns)].columns if name not in on]
    added = other[sorted(asked, key=list(other.columns).index)].reset_index(drop=True)
    added = added.reindex([rows.get(names, -1) for names in names_of(table)]).reset_index(drop=True)
    added = added.rename(columns={name: f"other_{name}" for name in added if name in table})
    return pd.concat([table.reset_index(drop=True), added], axis=1)


def collected_tables(items, columns=()):
    """The tables of all items below each other, their keys first; a key that is named as a column is put as key_NAME."""
    found = dict.fromkeys(name for _, table in items for name in table.columns)
    missing = [name for name in columns if name not in found]
    if items and missing:
        raise KeyError(f"no table has {', '.join(missing)}; there are {', '.join(found)}")
    names = [name for name in found if not columns or name in columns]
    heads = {key: f"key_{key}" if key in names else key for key in sorted({key for keys, _ in items for key in keys})}
    parts = [
        table[[name for name in names if name in table]].assign(**{heads[key]: keys[key] for key in keys})
        for keys, table in items
    ]
    return pd.concat([pd.DataFrame(), *parts], ignore_index=True).reindex(columns=[*heads.values(), *names])


def summarized_rows(rows, by, values, statistic, across=None, table=None):
    """One row of all that are equal in some columns: a statistic of the others, of each cell of one column if asked."""
    numbers = values or rows.select_dtypes(["number", "bool"])
    numbers = [name for name in numbers if name not in [*by, across]]
    names = [rows[name] for name in by] or np.zeros(len(rows))
    told = rows[numbers].astype(float)

    def made(frame, groups):
        groups = frame.groupby(groups)
        # A sum of nothing is missing, not 0.
        return groups.sum(min_count=1) if statistic == "sum" else getattr(groups, statistic)()

    count = told.groupby(names).size()
    if across is None:
        table = made(told, names)
        name = "count"
        while name in [*by, *numbers]:
            name += "_"
        table.insert(0, name, count)
    else:
        column = table[across]
        column = column if column.dtype == object else column.sort_values(kind="stable")
        parts = []
        for cell in dict.fromkeys(column.map(word)):
            own = told.where(rows[across].map(word) == cell)
            heads = [cell] if len(numbers) == 1 else [f"{name} {cell}" for name in numbers]
            parts.append(made(own, names).set_axis(heads, axis=1))
        table = pd.concat(parts, axis=1) if parts else pd.DataFrame(index=count.index)
    return table.reset_index(drop=not by)
