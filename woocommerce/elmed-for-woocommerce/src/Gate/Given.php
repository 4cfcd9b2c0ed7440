<?php

/**
 * What a request brought with it: the proof, and whether the prescription is to be sent to this pharmacy.
 *
 * Filled by Gate\Fields from the block checkout's request or from a form; read by the gate's paths and forgotten with
 * the request.
 */

namespace Elmed\WooCommerce\Gate;

final class Given
{
    public const REFERENCE = 'elmed/prescription';
    public const BORN = 'elmed/date-of-birth';
    public const SEND = 'elmed/send-here';
    public const SEND_HERE = 'send';
    public const FORM_REFERENCE = 'elmed_prescription';
    public const FORM_BORN = 'elmed_date_of_birth';
    public const FORM_SEND = 'elmed_send_here';

    public Proof $proof;
    public bool $send;

    /** @var array<int, self> By order, since one batch request may carry several. */
    private static array $byOrder = array();

    private function __construct(Proof $proof, bool $send)
    {
        $this->proof = $proof;
        $this->send = $send;
    }

    /** @param array<string, mixed> $fields The Store API's additional fields. */
    public static function withRequest(int $orderId, array $fields): void
    {
        $proof = new Proof($fields[self::REFERENCE] ?? '', $fields[self::BORN] ?? '');
        self::$byOrder[$orderId] = new self($proof, ($fields[self::SEND] ?? '') === self::SEND_HERE);
    }

    public static function forOrder(int $orderId): self
    {
        return self::$byOrder[$orderId] ?? new self(new Proof('', ''), false);
    }

    /** The order is let through: nothing of the proof is needed any more. */
    public static function forget(int $orderId): void
    {
        unset(self::$byOrder[$orderId]);
    }

    public static function isKnown(int $orderId): bool
    {
        return isset(self::$byOrder[$orderId]);
    }

    /** @param array<string, mixed> $posted A form's fields, unslashed. */
    public static function inForm(array $posted): self
    {
        $proof = new Proof($posted[self::FORM_REFERENCE] ?? '', $posted[self::FORM_BORN] ?? '');
        return new self($proof, !empty($posted[self::FORM_SEND]));
    }
}
