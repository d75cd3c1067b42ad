import Testing

@testable import Compute

@Suite struct `Key-value cache` {
    /// Rows of slots as plain arrays, changed beside the cache.
    private struct Model {
        /// Number written at each position of each slot.
        var slots: [[Float]]
    }

    /// A key or value row that carries its layer and number.
    private func row(_ number: Float, layer: Int, width: Int, sign: Float) -> [Float] {
        (0..<width).map { sign * (number + 1000 * Float(layer) + Float($0) / 64) }
    }

    @Test(arguments: [(1, 16, 200), (2, 32, 6), (3, 16, 9)])
    func `slots keep their own rows while they grow, share and leave`(heads: Int, positions: Int, pages: Int) throws {
        let (slots, capacity, layers) = (4, 90, 2)
        let cache = try KeyValueCache.empty(
            heads: heads, size: 3, layers: layers, slots: slots, capacity: capacity, pages: pages,
            options: CacheOptions(pagePositions: positions))
        var model = Model(slots: Array(repeating: [], count: slots + 1))
        var random = SeededGenerator(seed: UInt64(pages))
        var refused = 0
        for round in 0..<600 {
            let slot = Int.random(in: 0...slots, using: &random)
            let held = model.slots[slot].count
            switch Int.random(in: 0..<8, using: &random) {
            case 0:
                cache.release(slot: slot)
                model.slots[slot] = []
            case 1:
                let source = Int.random(in: 0...slots, using: &random)
                guard source != slot, !model.slots[source].isEmpty else { continue }
                let count = Int.random(in: 1...model.slots[source].count, using: &random)
                cache.release(slot: slot)
                cache.share(positions: count, from: source, to: slot)
                model.slots[slot] = Array(model.slots[source].prefix(count))
            default:
                guard held < capacity else { continue }
                let count = Int.random(in: 1...min(20, capacity - held), using: &random)
                let (free, table) = (cache.ledger.available, cache.pages(ofSlot: slot))
                guard try cache.reserve(slot: slot, positions: held..<held + count) else {
                    refused += 1
                    #expect(cache.pages(ofSlot: slot) == table && cache.ledger.available == free)
                    continue
                }
                for position in held..<held + count {
                    for layer in 0..<layers {
                        cache.store(
                            key: row(Float(round), layer: layer, width: 3 * heads, sign: 1),
                            value: row(Float(round), layer: layer, width: 3 * heads, sign: -1), slot: slot,
                            layer: layer, position: position)
                    }
                    model.slots[slot].append(Float(round))
                }
            }
            check(cache, model)
        }
        #expect((refused > 0) == (pages < 200), "the small caches must run out of pages")
        for (slot, numbers) in model.slots.enumerated() {
            for (position, number) in numbers.enumerated() {
                for layer in 0..<layers {
                    let found = cache.row(slot: slot, layer: layer, position: position)
                    #expect(found.key == row(number, layer: layer, width: 3 * heads, sign: 1))
                    #expect(found.value == row(number, layer: layer, width: 3 * heads, sign: -1))
                }
            }
        }
    }

    /// Every page is counted once by each slot that uses it, and no slot has more pages than its rows need.
    private func check(_ cache: KeyValueCache, _ model: Model) {
        var counts = [Int32](repeating: 0, count: cache.ledger.references.count)
        for (slot, numbers) in model.slots.enumerated() {
            #expect(cache.pages(ofSlot: slot).count == cache.layout.pages(for: numbers.count))
            for page in cache.pages(ofSlot: slot) { counts[page] += 1 }
        }
        #expect(counts == cache.ledger.references)
        #expect(cache.ledger.used == counts.count { $0 > 0 })
    }

    @Test func `a shared prompt takes one set of pages, and only its last part is copied`() throws {
        let cache = try KeyValueCache.empty(heads: 2, size: 4, layers: 3, slots: 4, capacity: 64)
        #expect(try cache.reserve(slot: 0, positions: 0..<40))
        for slot in 1..<4 { cache.share(positions: 40, from: 0, to: slot) }
        #expect(cache.ledger.used == 3)
        for slot in 0..<4 { #expect(try cache.reserve(slot: slot, positions: 40..<41)) }
        // The last row to write finds itself alone with the page and needs no copy.
        #expect(cache.ledger.used == 2 + 4)
        #expect(Set((0..<4).map { cache.pages(ofSlot: $0)[0] }).count == 1)
        #expect(Set((0..<4).map { cache.pages(ofSlot: $0)[2] }).count == 4)
        for slot in 0..<4 { cache.release(slot: slot) }
        #expect(cache.ledger.used == 0)
    }

    @Test func `a page that is full is shared without a copy`() throws {
        let cache = try KeyValueCache.empty(heads: 1, size: 4, layers: 1, slots: 2, capacity: 48)
        #expect(try cache.reserve(slot: 0, positions: 0..<32))
        cache.share(positions: 32, from: 0, to: 1)
        #expect(cache.pagesNeeded(slot: 1, positions: 32..<33) == 1)
        #expect(try cache.reserve(slot: 1, positions: 32..<33))
        #expect(cache.ledger.used == 3)
    }

    @Test func `there is always room for one whole row`() throws {
        let cache = try KeyValueCache.empty(heads: 1, size: 2, layers: 1, slots: 2, capacity: 100, pages: 0)
        #expect(cache.ledger.limit == 7)
        #expect(try cache.reserve(slot: 0, positions: 0..<100))
        #expect(try !cache.reserve(slot: 1, positions: 0..<1))
    }
}

@Suite struct `Page ledger` {
    @Test func `pages are handed out once, come back once, and are counted in between`() {
        var random = SeededGenerator(seed: 44)
        var ledger = PageLedger(limit: 12)
        var held: [Int] = []
        for _ in 0..<2_000 {
            switch Int.random(in: 0..<3, using: &random) {
            case 0:
                let page = ledger.take()
                #expect((page == nil) == (Set(held).count == 12))
                if let page {
                    #expect(!held.contains(page))
                    held.append(page)
                }
            case 1:
                guard let page = held.randomElement(using: &random) else { continue }
                ledger.retain(page)
                held.append(page)
            default:
                guard !held.isEmpty else { continue }
                ledger.release(held.remove(at: Int.random(in: held.indices, using: &random)))
            }
            #expect(ledger.used == Set(held).count)
            #expect(ledger.available == 12 - Set(held).count)
            for page in Set(held) { #expect(ledger.isShared(page) == (held.count { $0 == page } > 1)) }
        }
    }
}
