"""gdb_forecast.py - in gdb: what the helpers foresee for each fault of a run is compared with what the kernel counts.

At vm_fault the case is foreseen from the three layers, and the rights of the leaf; where it returns, one counter of the thread must
have grown, that of this case, and the leaf must be as foreseen. Prints a line for each fault that was otherwise, then
"forecast: N faults, cases ...".
"""

import gdb

from faultline import kernel, layers

FIRST, LAST = "FAULT_A1", "FAULT_OOM"   # the cases of which a fault is one
foreseen = {}                           # thread -> (page as it was, access, case, counters before)
seen, wrong = [], []


def counters(process):
    cases = {name: value for value, name in kernel.enum_names("enum fault_case").items()}
    return {name.removeprefix("FAULT_"): int(process.thread["counter"][value]) for name, value in cases.items()
            if cases[FIRST] <= value <= cases[LAST]}


def case_of(page, access):
    case, why = page.case(access)
    if case is None:
        return {"SIGSEGV": "SEGV", "SIGBUS": "BUS"}[why.partition(":")[0]]
    return "SPURIOUS" if page.leaf_allows(access) else case


class Entry(gdb.Breakpoint):
    def stop(self):
        kernel.forget()
        process = kernel.process_here()
        va, access = kernel.register("a1"), kernel.register("a2")
        page = layers.Page(process, va)
        foreseen[process.thread_address] = (page, access, case_of(page, access), counters(process))
        if not returns:
            returns.append(Return(f"*{kernel.register('ra'):#x}", internal=True))
        return False


class Return(gdb.Breakpoint):
    def stop(self):
        kernel.forget()
        process = kernel.process_here()
        page, access, case, before = foreseen.pop(process.thread_address)
        grown = [name for name, count in counters(process).items() if count != before[name]]
        leaf = layers.Page(process, page.va).leaf
        if case in ("SEGV", "BUS", "SPURIOUS"):
            good = leaf == page.leaf
        else:
            good = leaf is not None and leaf[1] == page.new_rights(access)
        if grown != [case] or not good:
            wrong.append(f"{process}, {page.va:#x}, access {access}: foreseen {case}, counted {' '.join(grown)}, leaf {leaf}")
        seen.append(case)
        return False


returns = []
Entry("*vm_fault", internal=True)
try:
    gdb.execute("continue", to_string=True)
except gdb.error:
    pass                                # the machine has powered off, and QEMU with it
for line in wrong:
    print(line)
print(f"forecast: {len(seen)} faults, cases {' '.join(sorted(set(seen)))}")
