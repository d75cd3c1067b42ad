internal import CKernels
internal import Glibc

/// Keys and values of every row in pages: a block table per slot, pages shared between rows with the same beginning.
///
/// One more slot than asked for is the spare place where a prompt waits for the rest of its samples.
/// A page that several rows use is copied before one of them writes into it.
final class KeyValueCache {
    let layout: CacheLayout
    let slots: Int
    /// Positions a row may have.
    let capacity: Int
    private(set) var ledger: PageLedger
    private let memory: PageMemory
    /// Pages of each slot, in order of position.
    private var tables: [[Int]]
    /// Their addresses, a row of `tablePages` for each slot.
    // SAFETY: allocated in init, freed in deinit, never reassigned.
    private let addresses: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    private let tablePages: Int

    /// A cache for rows of at most `capacity` positions that has at most `pages` pages, but enough for one row.
    init(memory: PageMemory, slots: Int, capacity: Int, pages: Int) {
        layout = memory.layout
        self.memory = memory
        self.slots = slots
        self.capacity = capacity
        tablePages = memory.layout.pages(for: capacity)
        ledger = PageLedger(limit: max(pages, tablePages))
        tables = Array(repeating: [], count: slots + 1)
        addresses = .allocate(capacity: (slots + 1) * max(tablePages, 1))
        addresses.initialize(repeating: nil, count: (slots + 1) * max(tablePages, 1))
    }

    deinit {
        addresses.deallocate()
    }

    /// Index of the spare slot.
    var spare: Int { slots }

    /// Pages of a slot.
    func pages(ofSlot slot: Int) -> [Int] { tables[slot] }

    /// Where the kernels find the pages of every slot; valid while the cache lives.
    struct View {
        let layout: CacheLayout
        fileprivate let addresses: UnsafeMutablePointer<UnsafeMutableRawPointer?>
        fileprivate let tablePages: Int

        /// Page addresses of a slot, until its pages change.
        func addresses(ofSlot slot: Int) -> UnsafeMutablePointer<UnsafeMutableRawPointer?> {
            addresses + slot * tablePages
        }
    }

    var view: View { View(layout: layout, addresses: addresses, tablePages: tablePages) }

    /// Pages that writing these positions of a slot would take.
    func pagesNeeded(slot: Int, positions: Range<Int>) -> Int {
        guard !positions.isEmpty else { return 0 }
        let first = positions.lowerBound / layout.positions
        let held = tables[slot]
        let copied = first < held.count ? held[first...].count { ledger.isShared($0) } : 0
        return max(0, layout.pages(for: positions.upperBound) - held.count) + copied
    }

    /// Makes positions of a slot writable: new pages, and copies of those that others use too. False, and nothing
    /// changed, when there are too few pages.
    /// - Throws: `.outOfResources` when the system refuses memory.
    func reserve(slot: Int, positions: Range<Int>) throws(ComputeError) -> Bool {
        let first = positions.lowerBound / layout.positions
        let needed = layout.pages(for: positions.upperBound)
        // Nearly every call: one more position in a page of the row's own.
        if needed == tables[slot].count, first == needed - 1, !ledger.isShared(tables[slot][first]) { return true }
        guard pagesNeeded(slot: slot, positions: positions) <= ledger.available else { return false }
        for index in first..<needed {
            if index < tables[slot].count {
                try copyIfShared(slot: slot, index: index)
            } else if let page = ledger.take() {
                tables[slot].append(page)
                addresses[slot * tablePages + index] = try memory.page(page)
            }
        }
        return true
    }

    /// Lets an empty slot use the pages of another's first `count` positions.
    func share(positions count: Int, from source: Int, to target: Int) {
        precondition(tables[target].isEmpty, "A slot is released before it gets a new row.")
        for index in 0..<layout.pages(for: count) {
            let page = tables[source][index]
            ledger.retain(page)
            tables[target].append(page)
            addresses[target * tablePages + index] = addresses[source * tablePages + index]
        }
    }

    /// Gives a slot's pages back.
    func release(slot: Int) {
        for page in tables[slot] { ledger.release(page) }
        tables[slot].removeAll(keepingCapacity: true)
    }

    private func copyIfShared(slot: Int, index: Int) throws(ComputeError) {
        let old = tables[slot][index]
        guard ledger.isShared(old), let new = ledger.take() else { return }
        let (target, source) = (try memory.page(new), try memory.page(old))
        memcpy(target, source, layout.pageBytes)
        ledger.release(old)
        tables[slot][index] = new
        addresses[slot * tablePages + index] = target
    }
}
