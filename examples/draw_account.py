"""An account's history with its targets as SVG, drawn by hand so that nothing is needed."""

import numpy as np

WIDTH, HEIGHT, LEFT, RIGHT = 960, 150, 80, 20
COLOURS = {"balance": "#1b6ca8", "spent_30d": "#c1440e", "spent_next_month": "#2a9d5c"}


def _points(days, values, low, high, top, first, last):
    span = max(last - first, 1)
    x = LEFT + (days - first) / span * (WIDTH - LEFT - RIGHT)
    y = top + HEIGHT - (values - low) / max(high - low, 1e-9) * HEIGHT
    return x, y


def _panel(title, colour, days, values, top, first, last, kind):
    low, high = min(0.0, float(values.min())), max(1.0, float(values.max()))
    x, y = _points(days, values, low, high, top, first, last)
    base = top + HEIGHT + low / (high - low) * HEIGHT
    parts = [f'<text x="{LEFT}" y="{top - 8}" font-size="13">{title}</text>',
             f'<text x="{LEFT - 8}" y="{top + 10}" text-anchor="end">{high:,.0f}</text>',
             f'<line x1="{LEFT}" y1="{base:.1f}" x2="{WIDTH - RIGHT}" y2="{base:.1f}" '
             'stroke="#999"/>']
    if kind == "line":
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" '
                     'stroke-width="1.5"/>')
    else:
        parts += [f'<line x1="{a:.1f}" y1="{base:.1f}" x2="{a:.1f}" y2="{b:.1f}" '
                  f'stroke="{colour}" stroke-width="3"/>' for a, b in zip(x, y)]
    return parts


def _days(column):
    return column.to_numpy(zero_copy_only=False).astype("datetime64[D]").astype(np.int64)


def draw_account(dataset, recipe, account=None):
    """The picture of one account, by default the one with the longest history."""
    s = int(np.argmax(dataset.lengths())) if account is None else account
    events, entity = dataset.sequence(s), dataset.info(s)["entity"]
    tables = recipe.apply(dataset)
    days = _days(events.column("date"))
    panels = [("balance after each transaction", "balance", days,
               events.column("balance").to_numpy(zero_copy_only=False), "line")]
    for every, name, kind, title in (
            ("day", "spent_30d", "line", "target spent_30d: spent in the last 30 days"),
            ("month", "spent_next_month", "bars",
             "target spent_next_month: spent in the month after")):
        table = tables[every]
        table = table.filter(np.asarray(table.column(dataset.entity)) == entity)
        values = table.column(name).to_numpy()
        known = ~np.isnan(values.astype(float))
        panels.append((title, name, _days(table.column("interval_end").combine_chunks())[known],
                       values[known].astype(float), kind))
    first, last = int(days.min()), int(max(p[2].max() for p in panels if len(p[2])))
    parts, top = [], 60
    for title, name, at, values, kind in panels:
        if len(values):
            parts += _panel(title, COLOURS[name], at, values, top, first, last, kind)
        top += HEIGHT + 50
    dates = np.array([first, last], dtype="datetime64[D]")
    parts.append(f'<text x="{LEFT}" y="{top - 25}">{dates[0]}</text>')
    parts.append(f'<text x="{WIDTH - RIGHT}" y="{top - 25}" text-anchor="end">{dates[1]}</text>')
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top}" '
            'font-family="sans-serif" font-size="11">\n'
            '<rect width="100%" height="100%" fill="white"/>\n'
            f'<text x="{LEFT}" y="28" font-size="16">Account {entity}: {len(days)} '
            'transactions</text>\n' + "\n".join(parts) + "\n</svg>\n")
