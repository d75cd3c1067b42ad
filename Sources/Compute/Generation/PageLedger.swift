/// Which pages of a cache are in use, and by how many rows: accounting only, no memory.
struct PageLedger {
    /// Pages that may be in use at once.
    let limit: Int
    /// Rows that use each page ever handed out.
    private(set) var references: [Int32] = []
    /// Pages nobody uses, the next one last.
    private var free: [Int] = []

    init(limit: Int) {
        self.limit = limit
    }

    /// Pages that can still be taken.
    var available: Int { free.count + limit - references.count }
    /// Pages in use.
    var used: Int { references.count - free.count }

    /// Hands out a page with one reference; nil when all are in use.
    mutating func take() -> Int? {
        if let page = free.popLast() {
            references[page] = 1
            return page
        }
        guard references.count < limit else { return nil }
        references.append(1)
        return references.count - 1
    }

    /// One more row uses the page.
    mutating func retain(_ page: Int) {
        precondition(references[page] > 0, "A page that nobody uses cannot be shared.")
        references[page] += 1
    }

    /// One row fewer uses the page; without any it is free.
    mutating func release(_ page: Int) {
        precondition(references[page] > 0, "A page is released once by each row that uses it.")
        references[page] -= 1
        if references[page] == 0 { free.append(page) }
    }

    /// Whether more than one row uses the page, so that it may not be written.
    func isShared(_ page: Int) -> Bool { references[page] > 1 }
}
