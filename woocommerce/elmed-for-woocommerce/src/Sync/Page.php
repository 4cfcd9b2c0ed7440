<?php

/**
 * One page of ELMED's product list: fetched, and each product of it brought over.
 *
 * Called by Sync\Run for each step. It skips what has not changed without loading it, sets aside what fails with its
 * reason (one bad product never stops a sync), and leaves in the state where to go on.
 */

namespace Elmed\WooCommerce\Sync;

use Elmed\WooCommerce\Api\Answer;
use Elmed\WooCommerce\Api\Client;
use Elmed\WooCommerce\Log;

final class Page
{
    public const SIZE = 50;

    private Client $client;
    private Finder $finder;
    private Upsert $upsert;
    private Unreported $unreported;
    private Suspect $suspect;

    public function __construct(Client $client, ?Upsert $upsert = null)
    {
        $this->client = $client;
        $this->finder = new Finder();
        $this->upsert = $upsert ?? new Upsert($this->finder);
        $this->unreported = new Unreported();
        $this->suspect = new Suspect();
    }

    /** @return Answer|null What ELMED refused with; null when it went on. */
    public function work(RunState $state, float $until): ?Answer
    {
        $query = array('limit' => self::SIZE, 'cursor' => $state->cursor, 'updated_since' => $state->since);
        // Counted before ELMED is asked and after it: what is reported in between is in neither ELMED's answer nor the later count.
        $sold = $this->unreported->quantities();
        $answer = $this->client->request('GET', '/products', array('query' => $query, 'timeout' => 20));
        if (!$answer->ok() || !is_array($answer->data['data'] ?? null)) {
            return $answer->ok() ? Answer::none() : $answer;
        }
        $rows = $answer->data['data'];
        if (!$this->bringAll($state, $rows, $until, $sold)) {
            return null;
        }
        $state->addSeen(array_filter(array_map(static fn ($row) => (int) ($row['id'] ?? 0), $rows)));
        $state->page_done = array();
        $state->cursor = is_string($answer->data['next_cursor'] ?? null) ? $answer->data['next_cursor'] : null;
        if (empty($answer->data['has_more']) || $state->cursor === null) {
            $state->stage = 'gone';
        }
        return null;
    }

    /**
     * Brings one product over and counts it; what stands in its way goes to the list of problems.
     *
     * @param mixed                            $row    As the API gives it.
     * @param array<int, array<string,string>> $stored What Finder::stored() found.
     * @param array<int, int>                  $sold   Packs sold here that ELMED does not know of.
     */
    public function bring(RunState $state, $row, array $stored, array $sold): void
    {
        try {
            $item = Item::from($row);
            if ($this->unchanged($item, $stored[$item->id] ?? array(), $sold)) {
                $state->count(Upsert::UNCHANGED);
                return;
            }
            $this->suspect->name($item->id);
            $before = $stored[$item->id]['_stock'] ?? null;
            $result = $this->upsert->run($item, fn (int $product) => $this->soldNow($product, $sold[$product] ?? 0, $before));
            if ($result === Upsert::SKIPPED) {
                Problems::clear($item->id);
            }
            $state->count($result);
        } catch (Problem $problem) {
            $this->note($row, $problem);
            $state->count('problem');
        } catch (\Throwable $fault) {
            Log::fault($fault, 'sync of one product');
            $this->note($row, new Problem(Problem::NOT_SAVED, get_class($fault)));
            $state->count('problem');
        }
    }

    /**
     * What was sold, up to this moment: the shop goes on selling while a page is worked off.
     *
     * @param string|null $before The stock when `$counted` was counted; null: not known.
     */
    private function soldNow(int $product, int $counted, ?string $before): int
    {
        $now = $this->finder->lockStock($product);
        if ($now === null || ($before !== null && $now >= (int) $before)) {
            return $counted;
        }
        $recounted = $this->unreported->quantities()[$product] ?? 0;
        // An order that has taken its packs may not have written so yet.
        return $before === null || $recounted > $counted ? max($counted, $recounted) : $counted + (int) $before - $now;
    }

    /**
     * @param array<int, mixed> $rows
     * @param array<int, int>   $sold
     * @return bool Whether the whole page is done.
     */
    private function bringAll(RunState $state, array $rows, float $until, array $sold): bool
    {
        $ids = array_filter(array_map(static fn ($row) => is_array($row) ? (int) ($row['id'] ?? 0) : 0, $rows));
        $stored = $this->finder->stored($ids);
        foreach ($rows ? $this->unreported->quantities() : array() as $product => $packs) {
            $sold[$product] = max($packs, $sold[$product] ?? 0);
        }
        foreach ($rows as $row) {
            $id = is_array($row) ? (int) ($row['id'] ?? 0) : 0;
            if (in_array($id, $state->page_done, true)) {
                continue;
            }
            if (microtime(true) > $until || $state->isCancelled()) {
                return false;
            }
            if ($this->suspect->crashedTwice($id)) {
                $this->note($row, new Problem(Problem::CRASHED));
                $state->count('problem');
            } else {
                $this->bring($state, $row, $stored, $sold);
            }
            $state->page_done[] = $id;
        }
        $this->suspect->clear();
        return true;
    }

    /**
     * @param array<string, string> $stored
     * @param array<int, int>       $sold
     */
    private function unchanged(Item $item, array $stored, array $sold): bool
    {
        if (!$stored || $stored['status'] === 'trash' || ($stored[ProductMeta::HASH] ?? '') !== $item->hash(Upsert::settings())) {
            return false;
        }
        if (array_diff_assoc(Writer::marksOf($item), $stored) !== array()) {
            return false;
        }
        if ($item->active && !Images::isDone($item->image_url, $stored[ProductMeta::IMAGE] ?? '')) {
            return false;
        }
        if ($item->stock === null || ($stored['_manage_stock'] ?? '') !== 'yes') {
            return true;
        }
        // The hash knows ELMED's stock, not what the shop has made of it meanwhile.
        return (int) ($stored['_stock'] ?? 0) === Writer::sellable($item, $sold[(int) $stored['post_id']] ?? 0);
    }

    /** @param mixed $row */
    private function note($row, Problem $problem): void
    {
        $row = is_array($row) ? $row : array();
        $sku = is_string($row['sku'] ?? null) ? $row['sku'] : '';
        $name = is_string($row['name'] ?? null) ? $row['name'] : '';
        Problems::note((int) ($row['id'] ?? 0), $sku, $name, $problem, $sku === '' ? 0 : $this->finder->bySku($sku));
    }
}
