<?php

/**
 * What the gate says about one order: it may be placed, it may be placed and then waits for the pharmacist, or not.
 *
 * Made by Gate\Gate; Gate\Messages turns a refusal into words, Orders\OrderState keeps a yes on the order.
 */

namespace Elmed\WooCommerce\Gate;

final class Verdict
{
    public const ADMITTED = 'admitted';
    public const WAITING = 'waiting';
    public const REFUSED = 'refused';

    public string $result;
    public ?string $reason = null;
    /** The name of the item that stands in the way, for the shopper's screen. */
    public ?string $item = null;
    /** @var array<string, mixed> prescription_id, reservation_id, reserved_until, lines: what the order keeps. */
    public array $record = array();

    private function __construct(string $result)
    {
        $this->result = $result;
    }

    /** @param array<string, mixed> $record */
    public static function yes(array $record, bool $waiting): self
    {
        $verdict = new self($waiting ? self::WAITING : self::ADMITTED);
        $verdict->record = $record;
        return $verdict;
    }

    public static function no(string $reason, ?string $item = null): self
    {
        $verdict = new self(self::REFUSED);
        $verdict->reason = $reason;
        $verdict->item = $item;
        return $verdict;
    }

    public function refused(): bool
    {
        return $this->result === self::REFUSED;
    }

    public function reservationId(): ?int
    {
        return isset($this->record['reservation_id']) ? (int) $this->record['reservation_id'] : null;
    }
}
