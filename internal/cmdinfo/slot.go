package cmdinfo

import "strconv"

// Slot is the slot that the command names by its number. The commands that do
// ask a node about the keys it has there, which is of use at the node that has
// them.
func (c *Command) Slot(n int, arg func(i int) string) (slot int, ok bool) {
	if c == nil || n < 3 || c.Name != "cluster|countkeysinslot" && c.Name != "cluster|getkeysinslot" {
		return 0, false
	}
	number, err := strconv.ParseUint(arg(2), 10, 14)
	return int(number), err == nil
}
