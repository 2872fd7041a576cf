"""plot_svg.py - curves as a picture that needs nothing else: SVG."""

import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 760, 440
LEFT, RIGHT, TOP, BOTTOM = 80, 130, 40, 50
# Told apart without colour too: each curve has its own dashes. The colours are Okabe's and Ito's.
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000", "#999999"]
DASHES = ["", "8 3", "2 2", "8 3 2 3", "12 4", "4 4", "1 3", "6 2 2 2"]


def round_steps(low, high, about=6):
    """Round numbers between low and high, about so many."""
    rough = max(high - low, 1e-9) / about
    power = 10 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    at = math.ceil(low / step) * step
    while at <= high + step / 1000:
        yield at
        at += step


def draw(path, title, x_label, y_label, curves):
    """Curves: name -> [(x, y)]. The y axis begins at 0."""
    xs = [x for points in curves.values() for x, _ in points]
    ys = [y for points in curves.values() for _, y in points]
    low, high, top = min(xs), max(max(xs), min(xs) + 1), max(ys) or 1

    def place(x, y):
        return (LEFT + (x - low) / (high - low) * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - y / top * (HEIGHT - TOP - BOTTOM))

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
           f'<title>{escape(title)}</title>', f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
           f'<text x="{WIDTH / 2}" y="22" text-anchor="middle" font-size="15">{escape(title)}</text>']
    for y in round_steps(0, top):
        _, at = place(low, y)
        out.append(f'<path d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        out.append(f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{y:,.10g}</text>')
    for x in round_steps(low, high):
        at, _ = place(x, 0)
        out.append(f'<path d="M{at:.1f} {HEIGHT - BOTTOM}v5" stroke="black"/>')
        out.append(f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{x:,.10g}</text>')
    out.append(f'<path d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}" fill="none" stroke="black"/>')
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 12}" text-anchor="middle">{escape(x_label)}</text>')
    out.append(f'<text transform="translate(16 {(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">'
               f'{escape(y_label)}</text>')
    for n, (name, points) in enumerate(curves.items()):
        dashes = DASHES[(n + n // len(COLOURS)) % len(DASHES)]
        look = f'stroke="{COLOURS[n % len(COLOURS)]}" stroke-width="2" stroke-dasharray="{dashes}"'
        places = " ".join("%.1f,%.1f" % place(*point) for point in points)
        out.append(f'<polyline points="{places}" fill="none" {look}/>')
        y = TOP + 10 + 20 * n
        out.append(f'<path d="M{WIDTH - RIGHT + 12} {y}h28" {look}/>'
                   f'<text x="{WIDTH - RIGHT + 46}" y="{y + 4}">{escape(name)}</text>')
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(out) + "\n</svg>\n")
