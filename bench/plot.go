package main

import (
	"bytes"
	"cmp"
	"fmt"
	"image/color"
	"math"
	"os"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Okabe and Ito's colours, which colour-blind readers can tell apart.
var lineColors = []color.RGBA{
	{R: 0xD5, G: 0x5E, A: 0xFF},
	{G: 0x72, B: 0xB2, A: 0xFF},
	{R: 0x56, G: 0xB4, B: 0xE9, A: 0xFF},
	{G: 0x9E, B: 0x73, A: 0xFF},
	{R: 0x99, G: 0x99, B: 0x99, A: 0xFF},
}

// plotted are the results in the plot: plain GETs of 64 B, by callers, the
// first of each.
func plotted(results []result) []result {
	var chosen []result
	for _, r := range results {
		sc := r.scenario
		if sc.work.name == "get" && sc.mode.name == contextModes[0].name && !sc.tls && sc.rate == 0 {
			chosen = append(chosen, r)
		}
	}
	slices.SortStableFunc(chosen, func(a, b result) int {
		return cmp.Compare(a.scenario.callers, b.scenario.callers)
	})
	return slices.CompactFunc(chosen, func(a, b result) bool {
		return a.scenario.callers == b.scenario.callers
	})
}

// writePlot draws commands a second by callers into an SVG file. It needs two
// levels of callers at least. Without a name it does nothing.
func writePlot(name string, results []result) error {
	if name == "" {
		return nil
	}
	chosen := plotted(results)
	if len(chosen) < 2 {
		return fmt.Errorf("a plot needs GET 64 B at two numbers of callers at least, not %d", len(chosen))
	}
	p, err := drawPlot(chosen)
	if err != nil {
		return err
	}
	return saveSVG(name, p)
}

func drawPlot(chosen []result) (*plot.Plot, error) {
	plot.DefaultFont.Variant = "Sans"
	p := plot.New()
	p.BackgroundColor = color.White
	p.Title.Text = fmt.Sprintf("%s, %d primaries on the same machine", chosen[0].scenario.work.title, shards)
	p.Title.TextStyle.Font.Size = vg.Points(14)
	p.Title.Padding = vg.Points(8)
	p.X.Label.Text = "concurrent callers"
	p.Y.Label.Text = "thousand commands a second"
	p.Y.Min = 0
	p.X.Scale = plot.LogScale{}
	p.X.Tick.Marker = callerTicks(chosen)
	p.Legend.Top, p.Legend.Left = true, true
	p.Legend.Padding = vg.Points(3)
	p.Legend.XOffs, p.Legend.YOffs = vg.Points(10), vg.Points(-5)

	grid := plotter.NewGrid()
	grid.Vertical.Color = color.Gray{Y: 0xE8}
	grid.Horizontal.Color = color.Gray{Y: 0xE8}
	p.Add(grid)
	var drawn []plot.Plotter
	for i, lib := range chosen[0].libs {
		points := make(plotter.XYs, len(chosen))
		for j, r := range chosen {
			points[j] = plotter.XY{X: float64(r.scenario.callers), Y: r.summaries[i].rate / 1000}
		}
		line, marks, err := plotter.NewLinePoints(points)
		if err != nil {
			return nil, err
		}
		line.Color = lineColors[i%len(lineColors)]
		line.Width = vg.Points(1.5)
		if lib.ours {
			line.Width = vg.Points(3)
		}
		marks.Color = line.Color
		marks.Shape = draw.CircleGlyph{}
		marks.Radius = vg.Points(3)
		drawn = append(drawn, line, marks)
		p.Legend.Add(lib.name, line, marks)
	}
	// The first library comes last, on top of the others.
	slices.Reverse(drawn)
	p.Add(drawn...)
	ticks := roundTicks(p.Y.Max)
	p.Y.Tick.Marker = ticks
	p.Y.Max = ticks[len(ticks)-1].Value
	return p, nil
}

// saveSVG writes the plot with fonts to fall back on: few browsers have the
// one that the text was measured in.
func saveSVG(name string, p *plot.Plot) error {
	canvas, err := p.WriterTo(8*vg.Inch, 5*vg.Inch, "svg")
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return err
	}
	svg := bytes.ReplaceAll(b.Bytes(),
		[]byte("font-family:Liberation Sans;"),
		[]byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif;"))
	return os.WriteFile(name, svg, 0o644)
}

// callerTicks labels the numbers of callers that were measured. Neighbours too
// close to be told apart share a place, and only the first gets its label.
func callerTicks(chosen []result) plot.ConstantTicks {
	var ticks plot.ConstantTicks
	last := math.Inf(-1)
	for _, r := range chosen {
		at := float64(r.scenario.callers)
		tick := plot.Tick{Value: at}
		if math.Log2(at)-last >= 0.9 {
			tick.Label = strconv.Itoa(r.scenario.callers)
			last = math.Log2(at)
		}
		ticks = append(ticks, tick)
	}
	return ticks
}

// roundTicks are the multiples of a round number, from zero to the first that
// is not below highest.
func roundTicks(highest float64) plot.ConstantTicks {
	const most = 8
	step := math.Pow(10, math.Floor(math.Log10(highest/most)))
	for _, factor := range []float64{1, 2, 5, 10} {
		if highest/(step*factor) <= most {
			step *= factor
			break
		}
	}
	var ticks plot.ConstantTicks
	for n := 0.0; ; n++ {
		at := n * step
		ticks = append(ticks, plot.Tick{Value: at, Label: strconv.FormatFloat(at, 'g', 6, 64)})
		if at >= highest {
			return ticks
		}
	}
}
