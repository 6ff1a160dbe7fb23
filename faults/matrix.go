package main

import "time"

// matrix is the whole table for a library. The others are spared what would
// tell nothing new about them: it takes long to watch them.
func matrix(lib library) []plan {
	const briefly = 500 * time.Millisecond
	var plans []plan
	for _, f := range faults {
		reads := plan{fault: f, workload: "get", replicas: true}
		if f.replica {
			plans = append(plans, reads)
			continue
		}
		plans = append(plans,
			plan{fault: f, workload: "get", fullCoverage: true},
			plan{fault: f, workload: "set", fullCoverage: true},
			plan{fault: f, workload: "append", fullCoverage: true})
		if f.name == "migrate" {
			plans = append(plans, plan{fault: f, workload: "register", fullCoverage: true})
		}
		if f.elects {
			plans = append(plans,
				plan{fault: f, workload: "get"},
				plan{fault: f, workload: "get", timeout: briefly, fullCoverage: true})
		}
		if f.elects && lib.name == ours.name {
			plans = append(plans,
				plan{fault: f, workload: "incr"},
				plan{fault: f, workload: "set", timeout: briefly, fullCoverage: true})
		}
		if f.elects || f.outlasts || f.delay > 0 {
			plans = append(plans, reads)
		}
	}
	for i := range plans {
		plans[i].lib = lib
	}
	return plans
}
