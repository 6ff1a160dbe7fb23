package main

// ink colours text, if it is on.
type ink bool

// What a terminal understands (ECMA-48).
const (
	hideCursor = "\x1b[?25l"
	showCursor = "\x1b[?25h"
	cursorUp   = "\x1b[%dA"
	clearToEnd = "\x1b[K"
)

func (on ink) paint(code, text string) string {
	if !on || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (on ink) bold(text string) string  { return on.paint("1", text) }
func (on ink) dim(text string) string   { return on.paint("2", text) }
func (on ink) red(text string) string   { return on.paint("31", text) }
func (on ink) green(text string) string { return on.paint("32", text) }

// of is the colour of a role.
func (on ink) of(r role, text string) string {
	switch r {
	case primary:
		return on.paint("36", text)
	case replica:
		return on.paint("35", text)
	}
	return on.red(text)
}
