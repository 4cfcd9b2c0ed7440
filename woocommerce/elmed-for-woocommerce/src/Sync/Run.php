<?php

/**
 * A sync from its beginning to its end, step by step: a step is one page of at most 50 products, or 20 seconds.
 *
 * Called by Sync\Schedule (jobs), Sync\SyncPage (from the open page) and WP-CLI; all three do the same. A step takes
 * the sync's lock, reads how far it has come, goes on from there and writes it down, so that a stop at any moment costs
 * one step at most. What is done with a page is in Sync\Page, with products that ELMED no longer has in Sync\Gone.
 */

namespace Elmed\WooCommerce\Sync;

use Elmed\WooCommerce\Api\Answer;
use Elmed\WooCommerce\Api\Client;
use Elmed\WooCommerce\Database\Lock;
use Elmed\WooCommerce\Database\Locked;
use Elmed\WooCommerce\Log;
use Elmed\WooCommerce\Settings\Connection;
use Elmed\WooCommerce\Settings\ConnectionTest;
use Elmed\WooCommerce\Settings\Key;
use Elmed\WooCommerce\Settings\Options;

final class Run
{
    /** Seconds a step may take; what it has begun it ends. */
    public const STEP_SECONDS = 20;
    /** Seconds to wait after the first, second … failure in a row; after the last of them it needs a person. */
    public const BACKOFF = array(60, 300, 1800, 7200, 21600);
    /** Taken off the mark of a run, since ELMED does not list what is younger than 2 seconds. */
    private const MARGIN = 5;

    private Client $client;
    private Page $page;
    private Gone $gone;

    public function __construct(?Client $client = null, ?Page $page = null, ?Gone $gone = null)
    {
        $this->client = $client ?? new Client();
        $this->page = $page ?? new Page($this->client);
        $this->gone = $gone ?? new Gone($this->client);
    }

    /**
     * Begins a sync, unless one is running.
     *
     * @param string $source "manual", "schedule" or "cli".
     * @param bool   $full   Everything; else what changed since the last one, where there was one today.
     * @return RunState The new one, or the one that is running.
     */
    public function start(string $source, bool $full = true): RunState
    {
        return Lock::hold('sync-start', 5, static function () use ($source, $full) {
            $running = RunState::load();
            if ($running !== null && $running->running()) {
                return $running;
            }
            $last = RunState::last();
            $since = $full || ($last['full']['finished_at'] ?? 0) < time() - DAY_IN_SECONDS ? null : ($last['mark'] ?? null);
            $state = RunState::begin($since === null ? 'full' : 'changes', $source, $since);
            $state->keep();
            Log::info('sync began', array('run' => $state->id, 'kind' => $state->kind, 'source' => $source));
            do_action('elmed_sync_started', $state->id, $state->kind);
            return $state;
        });
    }

    /** Stops the running one before its next product. What was done stays. */
    public function cancel(): void
    {
        $state = RunState::load();
        if ($state === null || !$state->running()) {
            return;
        }
        RunState::cancel($state->id);
        try {
            // Where nobody works at it, nobody would see the wish.
            Lock::hold('sync', 0, function () {
                $state = RunState::load();
                return $state !== null && $state->running() ? $this->end($state, 'cancelled', '') : $state;
            });
        } catch (Locked $busy) {
            return;
        }
    }

    /** Goes on with one that was cancelled, or that needs a person, where it stopped. */
    public function resume(): ?RunState
    {
        $state = RunState::load();
        if ($state === null || !in_array($state->state, array('cancelled', 'failed'), true)) {
            return $state;
        }
        $state->state = 'running';
        $state->failures = 0;
        $state->next_at = 0;
        $state->error = '';
        $state->moved_at = time();
        RunState::cancel('');
        $state->keep();
        do_action('elmed_sync_started', $state->id, $state->kind);
        return $state;
    }

    /**
     * One step of the running sync.
     *
     * @return RunState|null How far it has come; null when there is nothing to do, or another process is at it.
     */
    public function step(): ?RunState
    {
        try {
            return Lock::hold('sync', 0, fn () => $this->locked());
        } catch (Locked $busy) {
            return null;
        }
    }

    private function locked(): ?RunState
    {
        $state = RunState::load();
        if ($state === null || !$state->running() || $state->next_at > time()) {
            return $state;
        }
        if ($state->isCancelled()) {
            return $this->end($state, 'cancelled', '');
        }
        if ($state->stage !== 'begin' && $state->key !== self::key()) {
            // Another key since: perhaps another account's. Its list begins at its beginning, after the greeting.
            $state->stage = 'begin';
            $state->cursor = null;
            $state->page_done = array();
        }
        wp_defer_term_counting(true);
        try {
            $this->work($state, microtime(true) + self::STEP_SECONDS);
        } catch (\Throwable $fault) {
            Log::fault($fault, 'sync');
            $this->failed($state, 'fault', null);
        } finally {
            wp_defer_term_counting(false);
            // What WordPress remembers of each product would add up over thousands of them.
            if (wp_cache_supports('flush_runtime')) {
                wp_cache_flush_runtime();
            }
        }
        $state->isCancelled() && $state->running() ? $this->end($state, 'cancelled', '') : $state->keep();
        return $state;
    }

    private function work(RunState $state, float $until): void
    {
        if ($state->stage === 'begin' && !$this->greet($state)) {
            return;
        }
        $answer = $state->stage === 'list' ? $this->page->work($state, $until) : null;
        if ($answer === null && $state->stage === 'gone') {
            // What only the changes were asked for is not complete: it cannot tell what is gone.
            $answer = $state->kind === 'full' ? $this->gone->work($state, $until) : null;
            $state->stage = $state->kind === 'full' ? $state->stage : 'done';
        }
        if ($answer !== null) {
            $this->refused($state, $answer);
            return;
        }
        $state->failures = 0;
        $state->error = '';
        $state->next_at = 0;
        $state->moved_at = time();
        if ($state->stage === 'done') {
            $this->end($state, 'done', '');
        }
    }

    /** Asks who we are: products of another account, or of the test world, are other products. */
    private function greet(RunState $state): bool
    {
        $connection = (new ConnectionTest($this->client))->run(false);
        if (in_array($connection->state, array(Connection::UNREACHABLE, Connection::BUSY), true)) {
            $this->failed($state, $connection->state, $connection->state === Connection::BUSY ? 60 : null);
            return false;
        }
        if (!$connection->connected()) {
            $this->end($state, 'failed', $connection->state);
            return false;
        }
        if (!Account::isOurs($connection->account())) {
            $this->end($state, 'failed', 'other_account');
            return false;
        }
        Account::keep($connection->account());
        if ($state->mark === '') {
            $state->mark = gmdate('Y-m-d\TH:i:s\Z', (int) ($connection->facts['now'] ?? time()) - self::MARGIN);
        }
        $state->key = self::key();
        $state->stage = 'list';
        return true;
    }

    /** Tells one key from another, and nothing of either. */
    private static function key(): string
    {
        return substr(hash('sha256', Options::baseUrl() . Key::value()), 0, 12);
    }

    private function refused(RunState $state, Answer $answer): void
    {
        if ($answer->status === 429) {
            // Not a failure: the minute is used up, and the next one comes.
            $state->next_at = time() + max(1, (int) $answer->retry_after);
            $state->moved_at = time();
            $state->error = 'waiting';
        } elseif ($answer->code === 'invalid_cursor') {
            // The list begins again; what is done already is skipped by its hash.
            $state->cursor = null;
            $state->page_done = array();
            $this->failed($state, 'refused', null);
        } elseif ($answer->unreachable() || $answer->status === 408) {
            $this->failed($state, 'unreachable', $answer->retry_after);
        } else {
            $reasons = array(401 => Connection::KEY_REFUSED, 403 => $answer->code === 'insufficient_scope' ? Connection::SCOPE_MISSING : Connection::ACCOUNT_NOT_ACTIVE);
            $this->end($state, 'failed', $reasons[$answer->status] ?? 'refused');
        }
    }

    private function failed(RunState $state, string $why, ?int $wait): void
    {
        $state->error = $why;
        if ($state->failures >= count(self::BACKOFF)) {
            $this->end($state, 'failed', $why);
            return;
        }
        $state->next_at = time() + max((int) $wait, self::BACKOFF[$state->failures]);
        $state->failures++;
        $state->keep();
    }

    private function end(RunState $state, string $how, string $why): RunState
    {
        $state->state = $how;
        $state->error = $why;
        $state->next_at = 0;
        $state->moved_at = time();
        $state->keep();
        if ($how === 'done') {
            $state->keepAsLast();
        }
        Log::info('sync ended', array('run' => $state->id, 'how' => $how, 'why' => $why, 'seen' => $state->counts['seen'], 'seconds' => time() - $state->started_at));
        /**
         * A sync came to its end.
         *
         * @param string             $how    done, cancelled or failed.
         * @param array<string, int> $counts What it did.
         */
        do_action('elmed_sync_ended', $how, $state->counts);
        return $state;
    }
}
