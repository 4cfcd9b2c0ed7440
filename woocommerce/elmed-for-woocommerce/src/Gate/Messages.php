<?php

/**
 * What a shopper reads when the gate says no: what happened, and what they can do.
 *
 * Used by the gate's paths; shown on the shopper's own screen only. An item is named as it stands in their basket;
 * nothing of the prescription is.
 */

namespace Elmed\WooCommerce\Gate;

final class Messages
{
    public static function of(Verdict $verdict): string
    {
        $text = self::table()[(string) $verdict->reason] ?? self::table()['cannot_check'];
        if ($verdict->item !== null && strpos($text, '%s') !== false) {
            $text = sprintf($text, $verdict->item);
        } else {
            $text = sprintf($text, __('An item in your basket', 'elmed-for-woocommerce'));
        }
        /**
         * Changes the words that a shopper reads when an order is refused. Keep medicines and people out of them.
         *
         * @param string $text   The words.
         * @param string $reason Why, e.g. "too_much".
         */
        return (string) apply_filters('elmed_refusal_message', $text, (string) $verdict->reason);
    }

    /** @return array<string, string> */
    private static function table(): array
    {
        return self::proof() + self::prescription() + self::elmed();
    }

    /** @return array<string, string> */
    private static function proof(): array
    {
        return array(
            'reference_missing' => __('Your basket has an item that needs a prescription. Enter the prescription\'s reference; it is on the prescription or in the patient\'s ELMED account.', 'elmed-for-woocommerce'),
            'date_missing' => __('Enter the patient\'s date of birth, so that the prescription can be checked.', 'elmed-for-woocommerce'),
            'date_unclear' => __('The date of birth cannot be read. Write year, month and day, for example 1980-04-03.', 'elmed-for-woocommerce'),
            'no_matching_prescription' => __('No prescription matches this reference and date of birth. Check both, then place the order again. If the date of birth was corrected after the paper was printed, give the corrected one. After several wrong tries a reference is locked for 15 minutes.', 'elmed-for-woocommerce'),
            'reference_locked' => __('This reference was tried too often and is locked for 15 minutes. Try again later, or call the pharmacy. Your basket is kept.', 'elmed-for-woocommerce'),
            'checks_paused' => __('Prescriptions cannot be checked here for about an hour. Try again later, or call the pharmacy. Your basket is kept.', 'elmed-for-woocommerce'),
        );
    }

    /** @return array<string, string> */
    private static function prescription(): array
    {
        return array(
            'not_sold_here' => __('%s cannot be ordered online at the moment. Remove it from your basket, or call the pharmacy.', 'elmed-for-woocommerce'),
            'not_covered' => __('%s is not on this prescription. Remove it from your basket, or use the reference of the prescription that names it. One order can carry one prescription.', 'elmed-for-woocommerce'),
            'too_much' => __('%s: the quantity is more than the prescription allows now. Order fewer packs.', 'elmed-for-woocommerce'),
            'unit_mismatch' => __('%s cannot be counted against this prescription online. Call the pharmacy.', 'elmed-for-woocommerce'),
            'not_online' => __('%s cannot be sold online. Bring the prescription to the pharmacy.', 'elmed-for-woocommerce'),
            'not_routed_here' => __('This prescription is not with this pharmacy. If it is with no pharmacy yet, choose "Send it to this pharmacy" and place the order again; your basket is kept.', 'elmed-for-woocommerce'),
            'held_elsewhere' => __('This prescription is with another pharmacy. Change the pharmacy in your ELMED account, or order there.', 'elmed-for-woocommerce'),
            'awaiting_pharmacist' => __('The pharmacist has not checked this prescription yet. Place the order when that is done; your basket is kept.', 'elmed-for-woocommerce'),
            'sent_now_wait' => __('Your prescription is now with this pharmacy. Place the order when the pharmacist has checked it; your basket is kept.', 'elmed-for-woocommerce'),
            'already_dispensed' => __('%s: everything on this prescription has been dispensed already.', 'elmed-for-woocommerce'),
            'reserved' => __('%s: this quantity is kept for another order with the same prescription. Complete or cancel that order first, or try again in 15 minutes.', 'elmed-for-woocommerce'),
            'too_early' => __('It is too early for the next supply on this prescription. Your ELMED account shows the date.', 'elmed-for-woocommerce'),
            'expired' => __('This prescription has expired. Ask the doctor for a new one.', 'elmed-for-woocommerce'),
            'not_active' => __('This prescription cannot be used at the moment. Call the pharmacy or the doctor.', 'elmed-for-woocommerce'),
            'asked_again' => __('The prescription must be checked again. Enter its reference and the date of birth.', 'elmed-for-woocommerce'),
        );
    }

    /** @return array<string, string> */
    private static function elmed(): array
    {
        return array(
            'unreachable' => __('The prescription cannot be checked at the moment, so this order was not placed and nothing was charged. Try again in a few minutes; your basket is kept. You can order the other items without it.', 'elmed-for-woocommerce'),
            'busy' => __('Many prescriptions are being checked at the moment. Place the order again in a minute; your basket is kept.', 'elmed-for-woocommerce'),
            'cannot_check' => __('This shop cannot check prescriptions at the moment, so this order was not placed and nothing was charged. Call the pharmacy; your basket is kept.', 'elmed-for-woocommerce'),
        );
    }
}
