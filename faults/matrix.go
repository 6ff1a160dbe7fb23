package main

import "time"

// matrix is the whole table for a library.
func matrix(lib library) []plan {
	var plans []plan
	add := func(p plan) {
		p.lib = lib
		plans = append(plans, p)
	}
	for _, f := range faults {
		switch {
		case f.replica:
			add(plan{fault: f, workload: "get", replicas: true})
		default:
			add(plan{fault: f, workload: "get", fullCoverage: true})
			add(plan{fault: f, workload: "set", fullCoverage: true})
			add(plan{fault: f, workload: "append", fullCoverage: true})
		}
		if f.elects {
			add(plan{fault: f, workload: "get"})
			add(plan{fault: f, workload: "incr"})
			add(plan{fault: f, workload: "get", replicas: true})
			add(plan{fault: f, workload: "get", timeout: 500 * time.Millisecond, fullCoverage: true})
			add(plan{fault: f, workload: "set", timeout: 500 * time.Millisecond, fullCoverage: true})
		}
		if f.outlasts || f.delay > 0 || f.name == "reset" {
			add(plan{fault: f, workload: "get", replicas: true})
		}
	}
	return plans
}
