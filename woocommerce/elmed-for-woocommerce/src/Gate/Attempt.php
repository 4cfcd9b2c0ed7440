<?php

/**
 * What is remembered between two tries at placing one order: the reservation made, or the question not answered yet.
 *
 * Kept in the shopper's session (classic checkout, where there is no order yet) or on the order. With it a second try
 * reuses or frees the first one's reservation, so that shoppers do not stand in their own way. Nothing of the proof is
 * in it but a keyed fingerprint.
 */

namespace Elmed\WooCommerce\Gate;

use Elmed\WooCommerce\Orders\OrderState;
use WC_Order;

final class Attempt
{
    private const SESSION = 'elmed_attempt';

    private ?WC_Order $order;

    private function __construct(?WC_Order $order)
    {
        $this->order = $order;
    }

    public static function ofSession(): self
    {
        return new self(null);
    }

    public static function ofOrder(WC_Order $order): self
    {
        return new self($order);
    }

    /** The order that it is kept on; 0 for the session. */
    public function orderId(): int
    {
        return $this->order ? $this->order->get_id() : 0;
    }

    /** The session's, as another tab of the same shopper may have left it meanwhile. */
    public static function reread(): void
    {
        $session = WC()->session;
        if (!$session instanceof \WC_Session_Handler || !$session->has_session()) {
            return;
        }
        $shopper = $session->get_customer_id();
        wp_cache_delete(\WC_Cache_Helper::get_cache_prefix(WC_SESSION_CACHE_GROUP) . $shopper, WC_SESSION_CACHE_GROUP);
        $kept = $session->get_session((string) $shopper, array());
        if (is_array($kept)) {
            $session->set(self::SESSION, maybe_unserialize($kept[self::SESSION] ?? null));
        }
    }

    /** @return array<string, mixed> fingerprint, reservation_id and record; or key, asked and sent_at of a question without an answer. */
    public function load(): array
    {
        if ($this->order) {
            $kept = OrderState::isOwn($this->order) ? $this->order->get_meta(OrderState::ATTEMPT) : array();
        } else {
            $kept = WC()->session ? WC()->session->get(self::SESSION) : array();
        }
        return is_array($kept) ? $kept : array();
    }

    /** @param array<string, mixed> $kept */
    public function save(array $kept): void
    {
        if ($this->order) {
            OrderState::own($this->order);
            $this->order->update_meta_data(OrderState::ATTEMPT, $kept);
            $this->order->save_meta_data();
        } elseif (WC()->session) {
            WC()->session->set(self::SESSION, $kept);
            // At once: a request that dies while ELMED answers must not lose the key that it asked with.
            WC()->session->save_data();
        }
    }

    public function forget(): void
    {
        if ($this->order) {
            $this->order->delete_meta_data(OrderState::ATTEMPT);
            $this->order->save_meta_data();
        } elseif (WC()->session) {
            WC()->session->__unset(self::SESSION);
            WC()->session->save_data();
        }
    }
}
