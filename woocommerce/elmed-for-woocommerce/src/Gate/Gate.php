<?php

/**
 * The one check: may these lines be sold against this prescription, and if so, are they kept for the order?
 *
 * Asked when an order is placed, by Gate\BlockCheckout, ClassicCheckout, OrderPay and Orders\StaffCheck. One call as a rule;
 * a second try first deals with the first one's reservation. Anything but a clear yes is a no.
 */

namespace Elmed\WooCommerce\Gate;

use Elmed\WooCommerce\Log;
use Elmed\WooCommerce\Orders\Carrier;
use Elmed\WooCommerce\Settings\Options;

final class Gate
{
    /** Which of several reasons is told: what the shopper can do something about comes first. */
    private const ORDER = array(
        'not_online', 'not_covered', 'unit_mismatch', 'too_much', 'not_routed_here', 'expired', 'already_dispensed',
        'too_early', 'not_active', 'reserved', 'awaiting_pharmacist',
    );

    private Calls $calls;

    public function __construct(?Calls $calls = null)
    {
        $this->calls = $calls ?? new Calls();
    }

    /**
     * @param Line[] $lines What needs a prescription; at least one.
     * @param bool   $send  Whether the shopper wants an issued prescription sent to this pharmacy.
     */
    public function admit(array $lines, Proof $proof, bool $send, Attempt $attempt): Verdict
    {
        foreach ($lines as $line) {
            if ($line->sku === null) {
                return Verdict::no('not_sold_here', $line->name);
            }
        }
        if ($proof->problem !== null) {
            return Verdict::no($proof->problem);
        }
        try {
            return $this->reuse($lines, $proof, $attempt) ?? $this->ask($lines, $proof, $send, $attempt);
        } catch (Unanswered $unanswered) {
            return Verdict::no($unanswered->reason);
        } catch (\Throwable $fault) {
            Log::fault($fault, 'gate');
            return Verdict::no('cannot_check');
        }
    }

    /**
     * An order that was let through before is about to be paid: does its reservation still stand?
     *
     * @param array<string, mixed> $record As the order keeps it.
     */
    public function still(array $record): Verdict
    {
        try {
            $found = $this->calls->reservation((int) $record['reservation_id']);
        } catch (Unanswered $unanswered) {
            return Verdict::no($unanswered->reason);
        }
        return $this->standing($found, $record) ?? Verdict::no('asked_again');
    }

    /** @param Line[] $lines */
    private function reuse(array $lines, Proof $proof, Attempt $attempt): ?Verdict
    {
        $kept = $attempt->load();
        if (empty($kept['reservation_id'])) {
            return null;
        }
        if (Carrier::isOther((int) $kept['reservation_id'], $attempt->orderId())) {
            // Another tab has placed its order with it: neither ours to use nor to free.
            $attempt->forget();
            return null;
        }
        if (($kept['fingerprint'] ?? '') === $proof->fingerprint($lines)) {
            $verdict = $this->standing($this->calls->reservation((int) $kept['reservation_id']), $kept['record'] ?? array());
            if ($verdict) {
                return $verdict;
            }
        }
        $this->calls->release((int) $kept['reservation_id']);
        $attempt->forget();
        return null;
    }

    /**
     * @param array<string, mixed>|null $found
     * @param array<string, mixed>      $record
     */
    private function standing(?array $found, array $record): ?Verdict
    {
        $state = $found['state'] ?? 'freed';
        if ($state === 'ready') {
            return Verdict::yes($record, false);
        }
        $waits = $state === 'waiting' && ($found['reason'] ?? '') === 'awaiting_pharmacist';
        return $waits && Options::waitingOrders() ? Verdict::yes($record, true) : null;
    }

    /** @param Line[] $lines */
    private function ask(array $lines, Proof $proof, bool $send, Attempt $attempt): Verdict
    {
        $question = new Question($this->calls, $attempt);
        $answer = $question->put($lines, $proof);
        if ($send && self::reasons($answer) === array('not_routed_here')) {
            $this->calls->route($proof);
            $attempt->forget();
            $answer = $question->put($lines, $proof);
        }
        $reasons = self::reasons($answer);
        $waiting = $reasons === array('awaiting_pharmacist');
        if (empty($answer['reservation_id']) || ($reasons && !$waiting)) {
            return $this->no($reasons, $answer, $lines);
        }
        if (!Question::isForAll($lines, $answer)) {
            // Not a yes to what was asked; what was kept of it is given back.
            $this->calls->release((int) $answer['reservation_id']);
            $attempt->forget();
            return Verdict::no('cannot_check');
        }
        if ($waiting && !Options::waitingOrders()) {
            $this->calls->release((int) $answer['reservation_id']);
            $attempt->forget();
            return Verdict::no($send ? 'sent_now_wait' : 'awaiting_pharmacist');
        }
        return Verdict::yes($attempt->load()['record'], $waiting);
    }

    /**
     * @param array<string, mixed> $answer
     * @return string[] The reasons against it, each once.
     */
    private static function reasons(array $answer): array
    {
        $reasons = array_column($answer['lines'] ?? array(), 'reason');
        return array_values(array_unique(array_filter($reasons, 'is_string')));
    }

    /**
     * @param string[]             $reasons
     * @param array<string, mixed> $answer
     * @param Line[]               $lines
     */
    private function no(array $reasons, array $answer, array $lines): Verdict
    {
        $told = array_values(array_intersect(self::ORDER, $reasons))[0] ?? 'cannot_check';
        foreach ($answer['lines'] ?? array() as $index => $line) {
            if ($line['reason'] === $told) {
                return Verdict::no($told, isset($lines[$index]) ? $lines[$index]->name : null);
            }
        }
        return Verdict::no($told);
    }
}
