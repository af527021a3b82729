"""The plots of the site, drawn by the server as SVG: stacked bars over time, a line against a limit, horizontal bars.

Layout is pure: numbers and labels go in, and a ``Plot`` comes out that ``web/plots/plot.html`` draws, with axes,
gridlines, a legend, a text of each bar, and the numbers as a table. Colours and patterns stand in ``css/plots.css``;
``js/plots.js`` shows the text of a bar under the pointer, or of the one that the arrow keys have reached.

In a view, where ``hours`` are moments, and ``accepted`` and ``refused`` have a number for each of them::

    context["plot"] = stacked_bars(
        Words("sign-ins-by-hour", _("Sign-ins by hour"), _("Hour")),
        [hour_label(hour) for hour in hours],
        [
            Series(_("Accepted"), accepted, Look.GOOD),
            Series(_("Refused"), refused, Look.BAD, addresses=[f"?hour={hour:%H}" for hour in hours]),
        ],
    )

and in its template ``{% include "web/plots/plot.html" %}``. ``looks_of_reasons(n)`` gives looks for any number of
series.
Horizontal bars stand in a table or a list of the page that has them: ``gains_and_losses()``, ``shares()``, ``parts()``.
"""
