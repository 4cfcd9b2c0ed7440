<?php
/**
 * What a shopper reads before anything is asked: on the product's page, in the basket, above and in the checkout's fields.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Gate\Fields;
use Elmed\WooCommerce\Gate\ProductNotice;
use Elmed\WooCommerce\Sync\ProductMeta;

require_once __DIR__ . '/OrdersCase.php';

final class GateNoticeTest extends OrdersCase {

	public function test_the_products_page_says_what_will_be_asked(): void {
		$said = $this->onPage( $this->medicine );
		foreach ( array( 'On prescription only', 'reference', 'date of birth', 'ELMED account' ) as $words ) {
			$this->assertStringContainsString( $words, $said );
		}
		$this->assertSame( '', $this->onPage( $this->cream ) );
	}

	public function test_what_cannot_be_sold_online_says_why(): void {
		$this->medicine->update_meta_data( ProductMeta::CONTROLLED, 'yes' );
		$this->assertStringContainsString( 'handed out in the pharmacy only', $this->onPage( $this->medicine ) );
		$this->assertFalse( $this->medicine->is_purchasable() );
		$this->cream->update_meta_data( ProductMeta::ACTIVE, 'no' );
		$this->assertStringContainsString( 'not offered any more', $this->onPage( $this->cream ) );
	}

	public function test_the_basket_names_what_is_on_prescription(): void {
		$said = apply_filters( 'woocommerce_get_item_data', array(), array( 'data' => $this->medicine ) );
		$this->assertSame( array( 'On prescription' ), array_column( $said, 'key' ) );
		$this->assertStringContainsString( 'date of birth', $said[0]['value'] );
		$this->assertSame( array(), apply_filters( 'woocommerce_get_item_data', array(), array( 'data' => $this->cream ) ) );
	}

	public function test_the_block_checkout_is_explained_where_something_needs_a_prescription(): void {
		wc_load_cart();
		WC()->cart->empty_cart();
		WC()->cart->add_to_cart( $this->cream->get_id() );
		$this->assertSame( '<div></div>', apply_filters( 'render_block_woocommerce/checkout', '<div></div>' ) );
		WC()->cart->add_to_cart( $this->medicine->get_id() );
		$said = apply_filters( 'render_block_woocommerce/checkout', '<div></div>' );
		$this->assertStringEndsWith( '<div></div>', $said );
		foreach ( array( 'not kept by the shop', '1980-04-03', 'ELMED account' ) as $words ) {
			$this->assertStringContainsString( $words, $said );
		}
		WC()->cart->empty_cart();
	}

	public function test_the_block_checkouts_labels_fit_a_telephone(): void {
		$fields = \Automattic\WooCommerce\Blocks\Package::container()->get( \Automattic\WooCommerce\Blocks\Domain\Services\CheckoutFields::class )->get_additional_fields();
		$this->assertSame( 'Date of birth (1980-04-03)', $fields['elmed/date-of-birth']['label'] );
		foreach ( array( 'elmed/prescription', 'elmed/date-of-birth' ) as $name ) {
			$this->assertLessThanOrEqual( 30, strlen( $fields[ $name ]['label'] ) );
		}
		$this->assertLessThanOrEqual( 34, strlen( $fields['elmed/send-here']['label'] . ' (optional)' ) );
	}

	public function test_the_classic_checkout_asks_with_the_browsers_own_date_field(): void {
		wc_load_cart();
		WC()->cart->empty_cart();
		WC()->cart->add_to_cart( $this->medicine->get_id() );
		$fields = ( new Fields() )->addClassicFields( array() );
		$shown  = $this->printed( static fn() => woocommerce_form_field( 'elmed_date_of_birth', $fields['elmed']['elmed_date_of_birth'] ) );
		WC()->cart->empty_cart();
		$this->assertMatchesRegularExpression( '/<input type="date"[^>]*max="' . gmdate( 'Y-m-d' ) . '"/', $shown );
	}

	private function onPage( \WC_Product $product ): string {
		$GLOBALS['product'] = $product;
		$said               = $this->printed( static fn() => ( new ProductNotice() )->onPage() );
		unset( $GLOBALS['product'] );
		return wp_strip_all_tags( $said );
	}
}
